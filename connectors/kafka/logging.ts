import type { logCreator, logLevel } from 'kafkajs'

/** As pino has it. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * What kafkajs reports as trouble and is not: a transaction that starts while the broker still writes the markers of the
 * one before (twice for each retry, hundreds a second), the bound on retries we set on purpose, and rebalances.
 */
const ORDINARY = [
  'while another concurrent operation on the same transaction was ongoing',
  'Limiting retries for the idempotent producer',
  'The group is rebalancing',
]

/** The same message again within this time says nothing new: a broker that is down is asked several times a second, ms. */
const QUIET_MS = 5000

const ERROR: logLevel.ERROR = 1
const WARN: logLevel.WARN = 2

/** kafkajs's log through ours, one level down: it calls each retry an error, and what fails for good is thrown too. */
export function kafkajsLog(logger: Logger): logCreator {
  const saidAtMs = new Map<string, number>()
  const isRepeated = (message: string): boolean => {
    const now = Date.now()
    if (now - (saidAtMs.get(message) ?? 0) < QUIET_MS) return true
    if (saidAtMs.size > 1000) saidAtMs.clear() // messages carry numbers now and then
    saidAtMs.set(message, now)
    return false
  }
  return () => entry => {
    const { message, timestamp: _, logger: __, ...fields } = entry.log
    if (ORDINARY.some(text => message.includes(text) || String(fields.error ?? '').includes(text))) return
    if (isRepeated(message)) return
    const bound = { kafkajs: entry.namespace, ...fields }
    if (entry.level === ERROR) logger.warn(bound, message)
    else if (entry.level === WARN) logger.info(bound, message)
    else logger.debug(bound, message)
  }
}
