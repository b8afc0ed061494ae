import { setTimeout as delay } from 'node:timers/promises'
import { FreshetError } from '../../schemas/errors.ts'
import { isAway, reasonOf } from './causes.ts'

const WITHIN_MS = 60_000
const WAIT_MS = 200

/**
 * Asks again while no broker answers, since a request that fails may be one of those that a process starts with.
 * @param isOver - nobody waits for the answer any more
 * @param withinMs - counted from the first failure: before it the process may have slept
 * @throws FreshetError KAFKA_UNAVAILABLE when time is up; what `ask` threw where it is something else
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  isOver: () => boolean,
  { withinMs = WITHIN_MS, waitMs = WAIT_MS } = {},
): Promise<T> {
  for (let untilMs: number | undefined; ; ) {
    try {
      return await ask()
    } catch (error) {
      if (!isAway(error) || isOver()) throw error
      untilMs ??= Date.now() + withinMs
      if (Date.now() >= untilMs) {
        const message = `the brokers have not answered for ${withinMs} ms: ${reasonOf(error)}`
        throw new FreshetError('KAFKA_UNAVAILABLE', message, { cause: error })
      }
      await delay(waitMs)
    }
  }
}
