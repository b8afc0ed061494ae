/**
 * An event as a client posts it. What can be told from the event alone is told at once; admission judges it again with
 * the visitor's history, and what it refuses stands in rejected.v1.
 */
import { randomUUID } from 'node:crypto'
import { FreshetError } from '../schemas/errors.ts'
import { idProblem } from '../schemas/ids.ts'
import { type Interaction, interaction } from '../schemas/interaction.ts'
import { readJson } from '../schemas/json-reader.ts'

export interface EventRules {
  readonly interactionTypes: ReadonlySet<string>
  /** How far `occurredAt` may lie ahead, included. */
  readonly maxFutureMs: number
}
const MAX_IMPRESSION_ITEMS = 50
const IMPRESSION = 'impression'

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
  checkIds(event)
  if (!rules.interactionTypes.has(event.type)) {
    const known = [...rules.interactionTypes].join(', ')
    throw new FreshetError(
      'UNKNOWN_TYPE',
      `type: wanted one of ${known}, got ${JSON.stringify(event.type.slice(0, 60))}`,
    )
  }
  checkItems(event)
  if (event.occurredAt <= 0) {
    throw new FreshetError('INVALID_TIME', `occurredAt: wanted ms since the epoch above 0, got ${event.occurredAt}`)
  }
  if (event.sentAt === null && event.occurredAt > nowMs + rules.maxFutureMs) {
    const latest = nowMs + rules.maxFutureMs
    throw new FreshetError('FUTURE_TIME', `occurredAt: wanted at most ${latest}, got ${event.occurredAt}`)
  }
  return event
}

function checkIds(event: Interaction) {
  if (event.userId === null && event.anonymousId === null) {
    throw new FreshetError('MISSING_VISITOR', 'wanted userId or anonymousId, got neither')
  }
  const { eventId, userId, anonymousId, itemId, sessionId, orderId } = event
  for (const [name, id] of Object.entries({ eventId, userId, anonymousId, itemId, sessionId, orderId })) {
    const problem = id === null ? undefined : idProblem(id)
    if (problem) throw new FreshetError('INVALID_ID', `${name}: ${problem}`)
  }
}

function checkItems({ type, itemId, items }: Interaction) {
  if (type !== IMPRESSION) {
    if (itemId === null) throw new FreshetError('MISSING_ITEM', `itemId: wanted one for type ${type}, got none`)
    return
  }
  if (items.length === 0) throw new FreshetError('MISSING_ITEM', 'items: wanted 1 to 50 for an impression, got none')
  if (items.length > MAX_IMPRESSION_ITEMS) {
    throw new FreshetError('TOO_MANY_ITEMS', `items: wanted at most ${MAX_IMPRESSION_ITEMS}, got ${items.length}`)
  }
  for (const [index, item] of items.entries()) {
    const problem = idProblem(item.itemId)
    if (problem) throw new FreshetError('INVALID_ID', `items[${index}].itemId: ${problem}`)
  }
}
