/**
 * What can be wrong with an interaction by itself: the read API refuses it for that, and so does admission. Every message
 * reads `field: wanted …, got …`; the first fault found is the one reported, in the order of this file:
 * - visitor: userId or anonymousId is there;
 * - ids: every one that is there is good, eventId, userId, anonymousId, sessionId, itemId, orderId, requestId and those of items;
 * - key: it is the visitor; type: it is configured; item: at most 50 items whatever the type, and what the type needs;
 * - numbers, where given: value, price, dwellMs at least 0, completion 0 to 1, quantity whole and at least 1, position whole
 *   and at least 0, in items too;
 * - times, where given: occurredAt, sentAt, receivedAt above 0, also where the skew corrected would be.
 */
import type { ErrorCode } from './errors.ts'
import { idProblem } from './ids.ts'
import type { Interaction } from './interaction.ts'

export interface InteractionFault {
  readonly code: ErrorCode
  readonly message: string
}

/** The configured types: a map by type or a set of them. */
export interface TypeNames {
  has(type: string): boolean
  keys(): Iterable<string>
}

const IMPRESSION = 'impression'
const MAX_SHOWN_ITEMS = 50
const MAX_SHOWN_TEXT = 40

/**
 * @param key - of the record; undefined where there is none yet
 * @param types - the configured interaction types
 * @returns why the record is refused, or undefined where nothing is wrong
 */
export function interactionFault(
  value: Interaction,
  key: string | null | undefined,
  types: TypeNames,
): InteractionFault | undefined {
  return (
    visitorFault(value, key) ?? typeFault(value, types) ?? itemFault(value) ?? numberFault(value) ?? timeFault(value)
  )
}

const reject = (code: ErrorCode, message: string): InteractionFault => ({ code, message })

function visitorFault(value: Interaction, key: string | null | undefined): InteractionFault | undefined {
  if (value.userId === null && value.anonymousId === null)
    return reject('MISSING_VISITOR', 'userId: wanted a userId or an anonymousId, got neither')
  const fault =
    idFault('eventId', value.eventId) ??
    optionalIdFault('userId', value.userId) ??
    optionalIdFault('anonymousId', value.anonymousId) ??
    optionalIdFault('sessionId', value.sessionId) ??
    optionalIdFault('orderId', value.orderId) ??
    optionalIdFault('requestId', value.requestId)
  if (fault) return fault
  const visitor = value.userId ?? value.anonymousId
  if (key === undefined || key === visitor) return undefined
  return reject('MISPLACED_KEY', `key: wanted the visitor ${shown(visitor)}, got ${shown(key)}`)
}

function typeFault({ type }: Interaction, types: TypeNames): InteractionFault | undefined {
  if (types.has(type)) return undefined
  return reject('UNKNOWN_TYPE', `type: wanted one of ${[...types.keys()].join(', ')}, got ${shown(type)}`)
}

function itemFault({ type, itemId, items }: Interaction): InteractionFault | undefined {
  if (type !== IMPRESSION && itemId === null)
    return reject('MISSING_ITEM', `itemId: wanted the item of a ${type}, got null`)
  if (type === IMPRESSION && itemId === null && items.length === 0)
    return reject('MISSING_ITEM', 'items: wanted at least 1 item of an impression, got none')
  if (items.length > MAX_SHOWN_ITEMS)
    return reject('TOO_MANY_ITEMS', `items: wanted at most ${MAX_SHOWN_ITEMS}, got ${items.length}`)
  const fault = optionalIdFault('itemId', itemId)
  if (fault) return fault
  for (let i = 0; i < items.length; i++) {
    const { itemId: shownId, position } = items[i] as Interaction['items'][number]
    const itemsFault = idFault(`items[${i}].itemId`, shownId) ?? wholeFault(`items[${i}].position`, position, 0)
    if (itemsFault) return itemsFault
  }
  return undefined
}

function numberFault(value: Interaction): InteractionFault | undefined {
  return (
    rangeFault('value', value.value) ??
    wholeFault('quantity', value.quantity, 1) ??
    rangeFault('price', value.price) ??
    wholeFault('dwellMs', value.dwellMs, 0) ??
    rangeFault('completion', value.completion, 1) ??
    wholeFault('position', value.position, 0)
  )
}

function timeFault({ occurredAt, sentAt, receivedAt }: Interaction): InteractionFault | undefined {
  return (
    instantFault('occurredAt', occurredAt) ?? instantFault('sentAt', sentAt) ?? instantFault('receivedAt', receivedAt)
  )
}

function idFault(field: string, id: string): InteractionFault | undefined {
  const problem = idProblem(id)
  return problem === undefined ? undefined : reject('INVALID_ID', `${field}: ${problem}`)
}

const optionalIdFault = (field: string, id: string | null) => (id === null ? undefined : idFault(field, id))

/** A number from 0 to `most`, both included. */
function rangeFault(field: string, got: number | null, most = Number.MAX_VALUE): InteractionFault | undefined {
  if (got === null || (got >= 0 && got <= most)) return undefined
  const wanted = most === Number.MAX_VALUE ? 'a finite number of at least 0' : `a number from 0 to ${most}`
  return reject('INVALID_NUMBER', `${field}: wanted ${wanted}, got ${got}`)
}

function wholeFault(field: string, got: number | null, least: number): InteractionFault | undefined {
  if (got === null || (Number.isSafeInteger(got) && got >= least)) return undefined
  return reject('INVALID_NUMBER', `${field}: wanted a whole number of at least ${least}, got ${got}`)
}

function instantFault(field: string, got: number | null): InteractionFault | undefined {
  if (got === null || (Number.isSafeInteger(got) && got > 0)) return undefined
  return reject('INVALID_TIME', `${field}: wanted whole milliseconds since the epoch above 0, got ${got}`)
}

function shown(text: string | null): string {
  if (text === null) return 'null'
  return JSON.stringify(text.length > MAX_SHOWN_TEXT ? `${text.slice(0, MAX_SHOWN_TEXT)}…` : text)
}
