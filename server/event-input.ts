/**
 * An event as a client posts it. What can be told from the event alone is told at once; admission judges it again with
 * the visitor's history, and what it refuses stands in rejected.v1.
 */
import { randomUUID } from 'node:crypto'
import { FreshetError } from '../schemas/errors.ts'
import { type Interaction, interaction } from '../schemas/interaction.ts'
import { interactionFault } from '../schemas/interaction-fault.ts'
import { readJson } from '../schemas/json-reader.ts'

export interface EventRules {
  readonly interactionTypes: ReadonlySet<string>
  /** How far `occurredAt` may lie ahead, included. */
  readonly maxFutureMs: number
}

/**
 * @param value - from JSON; without eventId it gets a random one (and a repeated request counts twice), without occurredAt
 *   the time of arrival
 * @throws FreshetError with the codes of admission
 */
export function readEvent(value: unknown, rules: EventRules, nowMs: number): Interaction {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FreshetError('INVALID_FIELD', 'wanted an event as a JSON object')
  }
  const event = readJson(interaction, { eventId: randomUUID(), occurredAt: nowMs, ...value, receivedAt: nowMs })
  const fault = interactionFault(event, undefined, rules.interactionTypes) ?? timeFault(event, rules, nowMs)
  if (fault) throw new FreshetError(fault.code, fault.message)
  return event
}

/** As admission will have it: the error of the sender's clock is taken out where `sentAt` tells it. */
function timeFault({ occurredAt, sentAt }: Interaction, { maxFutureMs }: EventRules, nowMs: number) {
  const atMs = sentAt === null ? occurredAt : nowMs - (sentAt - occurredAt)
  if (atMs <= 0) {
    const message = `occurredAt: wanted a time above 0 once corrected, got ${atMs}`
    return { code: 'INVALID_TIME', message } as const
  }
  if (atMs <= nowMs + maxFutureMs) return undefined
  const message = `occurredAt: wanted at most ${maxFutureMs} ms after the time of arrival, got ${atMs - nowMs}`
  return { code: 'FUTURE_TIME', message } as const
}
