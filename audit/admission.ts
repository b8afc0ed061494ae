/**
 * Which interactions count, told again from the words of DESIGN and of `processors/admit.ts`, in plain and slow code: every
 * visitor is a list of events by their real ids, and every question walks it.
 */
import type { FoldOptions } from '../processors/options.ts'
import type { ErrorCode } from '../schemas/errors.ts'
import type { Interaction } from '../schemas/interaction.ts'

/** One record of the interactions topic; the order of a list of them is the order of their log. */
export interface Logged {
  readonly partition: number
  readonly offset: number
  readonly appendedAtMs: number
  readonly key: string | null
  readonly value: Interaction
}

/** An interaction that counts, as later folds need it. */
export interface Counted {
  readonly visitor: string
  readonly eventId: string
  readonly type: string
  readonly halfUnits: number
  readonly atMs: number
  /** Null for impressions. */
  readonly itemId: string | null
  readonly shown: readonly string[]
  readonly clientSession: string | null
  readonly orderId: string | null
  readonly country: string | null
  readonly device: string | null
  readonly language: string | null
  readonly query: string | null
}

export interface Remembered {
  readonly event: Pick<Counted, 'eventId' | 'type' | 'atMs' | 'itemId' | 'clientSession'>
  /** Events but purchases of its bucket, with it; undefined for a purchase. */
  readonly bucketEvents: number | undefined
  readonly bucketItems: number | undefined
}

export interface Admission {
  readonly counted: readonly Counted[]
  /** `partition:offset` → why it was refused. */
  readonly refused: ReadonlyMap<string, ErrorCode>
  /** Visitor → the last 256 admitted events. */
  readonly memories: ReadonlyMap<string, readonly Remembered[]>
}

const REMEMBERED = 256

/** One record after the other, in the order of their log; records of different partitions may be mixed. */
export class AdmissionRecount {
  /** Visitor → the last 256 admitted events, oldest first. */
  readonly memories = new Map<string, Remembered[]>()
  readonly #options: FoldOptions

  constructor(options: FoldOptions) {
    this.#options = options
  }

  /** @returns the event where it counts, else why it was refused */
  take(record: Logged): Counted | ErrorCode {
    const verdict = verdictOn(record, this.memories, this.#options)
    if (typeof verdict === 'string') return verdict
    const { counted, remembered } = verdict
    const memory = this.memories.get(counted.visitor) ?? []
    this.memories.set(counted.visitor, memory)
    memory.push(remembered)
    if (memory.length > REMEMBERED) memory.shift()
    return counted
  }
}

export function recountAdmission(log: readonly Logged[], options: FoldOptions): Admission {
  const recount = new AdmissionRecount(options)
  const counted: Counted[] = []
  const refused = new Map<string, ErrorCode>()
  for (const record of log) {
    const verdict = recount.take(record)
    if (typeof verdict === 'string') refused.set(`${record.partition}:${record.offset}`, verdict)
    else counted.push(verdict)
  }
  return { counted, refused, memories: recount.memories }
}

function verdictOn(
  record: Logged,
  memories: ReadonlyMap<string, readonly Remembered[]>,
  options: FoldOptions,
): ErrorCode | { counted: Counted; remembered: Remembered } {
  const { value } = record
  const fault = faultOf(record, options)
  if (fault) return fault
  const atMs =
    value.sentAt !== null && value.receivedAt !== null
      ? value.receivedAt - (value.sentAt - value.occurredAt)
      : value.occurredAt
  if (!(atMs > 0)) return 'INVALID_TIME'
  if (atMs > record.appendedAtMs + options.maxFutureMs) return 'FUTURE_TIME'
  if (value.userAgent?.includes('bot')) return 'BOT_TRAFFIC'
  const counted = countedOf(value, atMs, options)
  const { visitor, eventId, type, itemId, clientSession } = counted
  const event = { eventId, type, atMs, itemId, clientSession }
  const remembered = judged(event, memories.get(visitor) ?? [], options)
  return typeof remembered === 'string' ? remembered : { counted, remembered }
}

function judged(
  event: Remembered['event'],
  memory: readonly Remembered[],
  options: FoldOptions,
): ErrorCode | Remembered {
  const secondOf = (one: Remembered['event']) => Math.floor(one.atMs / 1000)
  const bucketOf = (one: Remembered['event'], lengthMs: number) => Math.floor((secondOf(one) * 1000) / lengthMs)
  for (const { event: other } of memory)
    if (other.eventId === event.eventId && Math.abs(secondOf(other) - secondOf(event)) * 1000 <= options.dedupeWindowMs)
      return 'DUPLICATE_EVENT'
  if (!['purchase', 'add_to_cart', 'impression'].includes(event.type))
    for (const { event: other } of memory)
      if (
        other.itemId === event.itemId &&
        other.type === event.type &&
        (other.clientSession ?? '') === (event.clientSession ?? '') &&
        bucketOf(other, options.repeatBucketMs) === bucketOf(event, options.repeatBucketMs)
      )
        return 'REPEATED_ACTION'
  if (event.type === 'purchase') return { event, bucketEvents: undefined, bucketItems: undefined }
  const bucket = memory.filter(
    ({ event: other }) =>
      other.type !== 'purchase' && bucketOf(other, options.botWindowMs) === bucketOf(event, options.botWindowMs),
  )
  const last = bucket.at(-1)
  const isNewItem = event.itemId !== null && !bucket.some(({ event: other }) => other.itemId === event.itemId)
  const bucketEvents = (last?.bucketEvents ?? 0) + 1
  const bucketItems = (last?.bucketItems ?? 0) + (isNewItem ? 1 : 0)
  if (bucketEvents > options.botMaxEvents || bucketItems > options.botMaxItems) return 'BOT_TRAFFIC'
  return { event, bucketEvents, bucketItems }
}

function faultOf({ value, key }: Logged, options: FoldOptions): ErrorCode | undefined {
  if (value.userId === null && value.anonymousId === null) return 'MISSING_VISITOR'
  const { eventId, userId, anonymousId, sessionId, itemId, orderId, requestId } = value
  const ids = [
    eventId,
    userId,
    anonymousId,
    sessionId,
    itemId,
    orderId,
    requestId,
    ...value.items.map(one => one.itemId),
  ]
  if (ids.some(id => id !== null && (id === '' || Buffer.byteLength(id) > 256 || !id.isWellFormed())))
    return 'INVALID_ID'
  if (key !== (value.userId ?? value.anonymousId)) return 'MISPLACED_KEY'
  if (!Object.hasOwn(options.weights, value.type)) return 'UNKNOWN_TYPE'
  if (value.items.length > 50) return 'TOO_MANY_ITEMS'
  if (value.type === 'impression') {
    if (value.items.length === 0 && value.itemId === null) return 'MISSING_ITEM'
  } else if (value.itemId === null) return 'MISSING_ITEM'
  const { quantity, price, dwellMs, completion, position } = value
  for (const number of [value.value, price, dwellMs])
    if (number !== null && !(Number.isFinite(number) && number >= 0)) return 'INVALID_NUMBER'
  if (completion !== null && !(completion >= 0 && completion <= 1)) return 'INVALID_NUMBER'
  if ((quantity !== null && quantity < 1) || (position !== null && position < 0)) return 'INVALID_NUMBER'
  if (value.items.some(one => one.position !== null && one.position < 0)) return 'INVALID_NUMBER'
  for (const timeMs of [value.occurredAt, value.sentAt, value.receivedAt])
    if (timeMs !== null && timeMs <= 0) return 'INVALID_TIME'
  return undefined
}

function countedOf(value: Interaction, atMs: number, options: FoldOptions): Counted {
  const isImpression = value.type === 'impression'
  const shown = value.items.length > 0 ? value.items.map(one => one.itemId) : [value.itemId as string]
  const country = value.country?.toUpperCase() ?? ''
  const device = value.device?.toLowerCase() ?? ''
  return {
    visitor: value.userId !== null ? `u:${value.userId}` : `a:${value.anonymousId}`,
    eventId: value.eventId,
    type: value.type,
    halfUnits: (options.weights[value.type] as number) * 2,
    atMs,
    itemId: isImpression ? null : value.itemId,
    shown: isImpression ? [...new Set(shown)] : [],
    clientSession: value.sessionId,
    orderId: value.orderId,
    country: /^[A-Z]{2}$/.test(country) ? country : null,
    device: /^[a-z0-9_-]{1,16}$/.test(device) ? device : null,
    language: /^[A-Za-z0-9-]{2,35}$/.test(value.language ?? '') ? value.language : null,
    query: value.query?.trim().slice(0, 200).toWellFormed() || null,
  }
}
