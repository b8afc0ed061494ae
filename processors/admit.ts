/**
 * Admission: which interactions count. Everything after it sees only events that are valid, new, and a person's.
 *
 * Checked in this order; the first fault refuses the record, and a refused record leaves the state as it was:
 * 1. by itself, see `schemas/interaction-fault.ts`;
 * 2. time: atMs = receivedAt − (sentAt − occurredAt) where sentAt and receivedAt are known, else occurredAt. INVALID_TIME unless it
 *    is above 0, FUTURE_TIME where it is more than `maxFutureMs` after the append time;
 * 3. BOT_TRAFFIC by user agent, purchases too;
 * 4. DUPLICATE_EVENT: among the visitor's last 256 admitted events one has the same eventId and an event time at most
 *    `dedupeWindowMs` away, before or after;
 * 5. REPEATED_ACTION: among those 256 one has the same item, type and client session ("" where none) and its event time lies
 *    in the same bucket, ⌊t / repeatBucketMs⌋. Purchases, carts and impressions may repeat;
 * 6. BOT_TRAFFIC by count. Each bucket ⌊t / botWindowMs⌋ of the visitor counts its admitted events but purchases, and their
 *    distinct items (an impression is an event without items). An event that would make them more than `botMaxEvents` or
 *    `botMaxItems` is refused; a purchase never is. Going by the last 256 admitted events: a bucket none of whose events is among
 *    them begins at 0 again, and an item is new to its bucket when none of its events there is among them.
 *
 * Times are compared in whole seconds, ⌊t / 1000⌋, and ids by hashes of 41 bits (items, within a bucket) and 53 bits (eventIds).
 */
import { type AdmissionPage, admissionPage } from '../schemas/admission-page.ts'
import { anonymousVisitor, userVisitor, type Visitor } from '../schemas/ids.ts'
import type { ImpressionItem, Interaction } from '../schemas/interaction.ts'
import { interactionFault } from '../schemas/interaction-fault.ts'
import { isCrawler } from './admission/crawlers.ts'
import { actionHash, hash53, itemHash } from './admission/hash.ts'
import { nextForgotten, recall, remember, type Trace } from './admission/memory.ts'
import { type Traits, traitsOf } from './admission/traits.ts'
import { defineProcessor, type Origin, paged, type Rejection, type Step } from './define.ts'
import type { Arrival } from './events.ts'
import { CART, halfUnitsOf, IMPRESSION, PURCHASE } from './interaction-types.ts'
import type { FoldOptions } from './options.ts'

/** One interaction that counts. */
export interface Admitted extends Traits {
  readonly visitor: Visitor
  /** Event time, ms since the epoch, skew of the device's clock corrected. */
  readonly atMs: number
  readonly type: string
  /** Half-units; negative for skip and dislike, 0 for impressions. */
  readonly weight: number
  /** Null for impressions, and only for them. */
  readonly itemId: string | null
  /** What an impression showed: 1 to 50, each item once, at its first place; [] for every other type. */
  readonly items: readonly ImpressionItem[]
  readonly sessionId: string | null
  readonly orderId: string | null
  readonly requestId: string | null
  readonly value: number | null
  readonly quantity: number | null
  readonly price: number | null
  /** At most `maxDwellMs`. */
  readonly dwellMs: number | null
  readonly completion: number | null
  readonly position: number | null
  readonly origin: Origin
}

type Counter = 'late' | 'skewed' | 'dwellCapped' | 'forgottenEarly'
type State = { readonly recent: readonly AdmissionPage[] }
type AdmitStep = Step<State, Admitted, Record<never, never>, Counter>

const PURCHASE_ACTION = 0
const REPEATABLE_ACTION = 1
const LATE_MS = 60_000

export const admit = (options: FoldOptions) => {
  const { weights, maxFutureMs, maxDwellMs, dedupeWindowMs, repeatBucketMs, botWindowMs, botMaxEvents, botMaxItems } =
    options
  const types = halfUnitsOf(weights)
  const windows = {
    dedupeS: dedupeWindowMs / 1000,
    repeatBucketS: repeatBucketMs / 1000,
    botBucketS: botWindowMs / 1000,
  }
  return defineProcessor({
    name: 'admit',
    version: 1,
    class: 'D',
    input: 'stage',
    store: {
      name: 'admission',
      parts: { recent: paged(admissionPage) },
      bound: 'the last 256 admitted events, in 33 pages of 8, about 22 bytes an event',
    },
    counters: {
      late: 'admitted more than a minute after they happened',
      skewed: 'admitted with an event time corrected for the clock of the device',
      dwellCapped: 'admitted with a dwell cut down to the cap',
      forgottenEarly: 'events that left the memory of 256 within the window in which their duplicates are looked for',
    },
    options: {
      weights,
      maxFutureMs,
      maxDwellMs,
      dedupeWindowMs,
      repeatBucketMs,
      botWindowMs,
      botMaxEvents,
      botMaxItems,
    },
    key: ({ value }: Arrival): string => visitorOf(value) ?? '',
    step,
  })

  function step({ recent }: State, { value, key, origin }: Arrival): AdmitStep {
    const fault = interactionFault(value, key, types) ?? timeFault(value, origin)
    if (fault) return { reject: fault }
    const event = admittedOf(value, origin)
    if (value.userAgent && isCrawler(value.userAgent))
      return refuse('BOT_TRAFFIC', 'userAgent: wanted a person, got one that names itself a crawler')

    const trace = traceOf(event, value.eventId)
    const known = recall(recent, trace, windows)
    if (known.isDuplicate) return refuse('DUPLICATE_EVENT', `eventId: wanted a new one, got "${value.eventId}" again`)
    if (known.isRepeat && trace.action > REPEATABLE_ACTION)
      return refuse('REPEATED_ACTION', `type: wanted one ${event.type} of an item a session and bucket, got another`)

    const isPurchase = trace.action === PURCHASE_ACTION
    const events = isPurchase ? 0 : known.bucketEvents + 1
    const items = isPurchase ? 0 : known.bucketItems + (known.isNewItem ? 1 : 0)
    if (events > botMaxEvents)
      return refuse('BOT_TRAFFIC', `visitor: wanted at most ${botMaxEvents} events in a bucket, got one more`)
    if (items > botMaxItems)
      return refuse('BOT_TRAFFIC', `visitor: wanted at most ${botMaxItems} items in a bucket, got one more`)

    const forgotten = nextForgotten(recent)
    return {
      state: { recent: remember(recent, trace, events, items) },
      emit: [event],
      count: {
        late: origin.appendedAtMs - event.atMs > LATE_MS ? 1 : 0,
        skewed: event.atMs === value.occurredAt ? 0 : 1,
        dwellCapped: event.dwellMs === value.dwellMs ? 0 : 1,
        forgottenEarly: forgotten !== undefined && trace.second - forgotten <= windows.dedupeS ? 1 : 0,
      },
    }
  }

  function timeFault(value: Interaction, { appendedAtMs }: Origin): Rejection | undefined {
    const atMs = eventTime(value)
    if (!(Number.isSafeInteger(atMs) && atMs > 0))
      return { code: 'INVALID_TIME', message: `occurredAt: wanted a time above 0 once corrected, got ${atMs}` }
    if (atMs - appendedAtMs <= maxFutureMs) return undefined
    const message = `occurredAt: wanted at most ${maxFutureMs} ms after the append time, got ${atMs - appendedAtMs}`
    return { code: 'FUTURE_TIME', message }
  }

  function admittedOf(value: Interaction, origin: Origin): Admitted {
    const isImpression = value.type === IMPRESSION
    const { country, device, language, query, surface } = traitsOf(value)
    return {
      visitor: visitorOf(value) as Visitor,
      atMs: eventTime(value),
      type: value.type,
      weight: types.get(value.type) as number,
      itemId: isImpression ? null : value.itemId,
      items: isImpression ? shownItems(value) : [],
      sessionId: value.sessionId,
      orderId: value.orderId,
      requestId: value.requestId,
      value: value.value,
      quantity: value.quantity,
      price: value.price,
      dwellMs: value.dwellMs === null ? null : Math.min(value.dwellMs, maxDwellMs),
      completion: value.completion,
      position: value.position,
      country,
      device,
      language,
      query,
      surface,
      origin,
    }
  }
}

const refuse = (code: Rejection['code'], message: string): AdmitStep => ({ reject: { code, message } })

/** The user where there is one, else the anonymous device. */
function visitorOf({ userId, anonymousId }: Interaction): Visitor | undefined {
  if (userId !== null) return userVisitor(userId)
  return anonymousId === null ? undefined : anonymousVisitor(anonymousId)
}

const eventTime = ({ occurredAt, sentAt, receivedAt }: Interaction): number =>
  sentAt === null || receivedAt === null ? occurredAt : receivedAt - (sentAt - occurredAt)

/** An impression that names no items shows its itemId. */
function shownItems({ itemId, items, position }: Interaction): readonly ImpressionItem[] {
  if (items.length === 0) return [{ itemId: itemId as string, position }]
  if (items.length === 1) return items
  const met = new Set<string>()
  return items.filter(one => !met.has(one.itemId) && met.add(one.itemId))
}

function traceOf({ type, itemId, sessionId, atMs }: Admitted, eventId: string): Trace {
  const mayRepeat = type === CART || type === IMPRESSION
  const action = type === PURCHASE ? PURCHASE_ACTION : mayRepeat ? REPEATABLE_ACTION : actionHash(type, sessionId ?? '')
  return {
    event: hash53(eventId),
    item: itemId === null ? 0 : itemHash(itemId),
    action,
    second: Math.floor(atMs / 1000),
  }
}
