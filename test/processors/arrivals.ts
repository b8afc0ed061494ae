/** Interactions for tests: one by hand, or many at random, bad ones among them. */
import fc from 'fast-check'
import type { Arrival } from '../../processors/events.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Sent } from './drive.ts'

export const START_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000

/** @returns a view of item `a` by user `u` at START_MS but for what is given; eventIds must be given to differ */
export function interactionOf(fields: Partial<Interaction> = {}): Interaction {
  return {
    eventId: 'e',
    userId: 'u',
    anonymousId: null,
    sessionId: null,
    itemId: 'a',
    items: [],
    type: 'view',
    value: null,
    quantity: null,
    price: null,
    orderId: null,
    dwellMs: null,
    completion: null,
    query: null,
    surface: null,
    position: null,
    requestId: null,
    device: null,
    userAgent: null,
    country: null,
    language: null,
    timeZone: null,
    referrer: null,
    occurredAt: START_MS,
    sentAt: null,
    receivedAt: null,
    properties: {},
    ...fields,
  }
}

/** @param appendedAtMs - default: as it happened */
export function sentOf(value: Interaction, offset = 0, appendedAtMs = value.occurredAt): Sent {
  const origin = { partition: 0, offset, appendedAtMs }
  const arrival: Arrival = { value, key: value.userId ?? value.anonymousId, origin }
  return { event: arrival, origin }
}

/** @returns events in order of arrival with eventIds `e0`, `e1`, … where none is given */
export const sentAll = (values: readonly Partial<Interaction>[]): Sent[] =>
  values.map((fields, i) => sentOf(interactionOf({ eventId: `e${i}`, ...fields }), i))

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values)
const orNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null, freq: 2 })
const itemId = fc.nat(1000).map(n => `i${n < 600 ? n % 12 : n}`) // a dozen favourites and a tail

const interaction = fc.record({
  eventId: fc.nat(20_000).map(n => `event-${n}`),
  userId: oneOf('1', '2', null),
  anonymousId: oneOf('1', '3', null),
  sessionId: oneOf(null, null, 's1', 's2'),
  itemId,
  items: fc.array(fc.record({ itemId, position: orNull(fc.nat(49)) }), { maxLength: 20 }),
  type: fc.oneof(
    {
      weight: 20,
      arbitrary: oneOf('view', 'click', 'purchase', 'purchase', 'like', 'add_to_cart', 'skip', 'dislike', 'impression'),
    },
    { weight: 1, arbitrary: oneOf('stare', '__proto__', '') },
  ),
  quantity: oneOf(null, 1, 2, 2, 0),
  price: oneOf(null, 9.5, 0, 3, Number.NaN),
  orderId: oneOf(null, 'o1', 'o2', 'o3', 'o4', 'o5'),
  dwellMs: oneOf(null, 1000, 10_000_000),
  query: oneOf(null, null, 'shoes', ' \ud800 '),
  country: oneOf(null, 'at', 'DE', '??'),
  device: oneOf(null, 'mobile', 'Desktop'),
  occurredAt: fc.oneof(
    { weight: 9, arbitrary: fc.nat(30 * 60_000) },
    { weight: 1, arbitrary: fc.integer({ min: -40 * DAY_MS, max: 40 * DAY_MS }) },
  ),
})

/** Bursts of events of a few visitors over some hours, with late and refused ones. */
export const arrivals = (size: { minLength?: number; maxLength: number }): fc.Arbitrary<Sent[]> =>
  fc.array(interaction, size).map(drawn =>
    drawn.map((fields, offset) => {
      const nowMs = START_MS + offset * 45_000
      const items = fields.type === 'impression' ? fields.items : []
      return sentOf(interactionOf({ ...fields, items, occurredAt: nowMs - fields.occurredAt }), offset, nowMs)
    }),
  )
