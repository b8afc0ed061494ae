/** Events of the item stage for tests: one by hand, or many at random. */
import fc from 'fast-check'
import type { ItemDeltas, ItemEvent } from '../../processors/events.ts'
import type { Item } from '../../schemas/item.ts'
import { SIGNAL, type SignalKind } from '../../schemas/signals.ts'
import type { Sent } from './drive.ts'

export const DAY_MS = 86_400_000
/** Start of an epoch of every default half-life: 8 · 7 · 60 days are a whole number of each. */
export const EPOCH_MS = 5 * 8 * 7 * 60 * DAY_MS

export type Delta = ItemDeltas['deltas'][number]

export const delta = (kind: SignalKind, other: string, amount: number): Delta => ({ kind, other, amount })
export const deltasOf = (itemId: string, atMs: number, deltas: readonly Delta[]): ItemDeltas => ({
  kind: 'deltas',
  itemId,
  atMs,
  deltas,
})
export const sentItem = (event: ItemEvent, offset = 0): Sent => ({
  event,
  origin: { partition: 0, offset, appendedAtMs: EPOCH_MS },
})
export const sentItems = (events: readonly ItemEvent[]): Sent[] => events.map(sentItem)

export function itemOf(fields: Partial<Item> = {}): Item {
  return {
    title: '',
    description: null,
    categories: [],
    brand: null,
    creator: null,
    tags: [],
    price: null,
    rating: null,
    durationMs: null,
    publishedAt: null,
    available: true,
    marginTier: null,
    sponsored: false,
    embedding: null,
    properties: {},
    ...fields,
  }
}

const neighbour = fc.nat(1200).map(n => `i${n < 900 ? n % 40 : n}`) // favourites, and a tail longer than a row
const units = fc.constantFrom(1, 2, 2, 4, 6, -2)
const cell = fc.oneof(
  fc.constantFrom('AT|mobile', 'DE|desktop', 'DE|', '|tablet', '|'),
  fc.nat(99).map(n => `C${n}|mobile`), // more than an item has cells
)
const kind = (of: SignalKind, other: fc.Arbitrary<string>, amount: fc.Arbitrary<number>) =>
  fc.record({ kind: fc.constant(of), other, amount })
const anyDelta: fc.Arbitrary<Delta> = fc.oneof(
  { weight: 8, arbitrary: kind(SIGNAL.viewedWith, neighbour, units) },
  kind(SIGNAL.next, neighbour, units),
  kind(SIGNAL.boughtWith, neighbour, fc.constant(1)),
  kind(SIGNAL.viewedNorm, fc.constant(''), units),
  kind(SIGNAL.boughtNorm, fc.constant(''), fc.constant(1)),
  kind(SIGNAL.popularity, cell, fc.constantFrom(2, 4, 6, -2)),
  kind(SIGNAL.count, fc.constantFrom('view', 'like', 'constructor'), fc.constantFrom(1, 1, -1)),
)
const atMs = fc.oneof(
  { weight: 9, arbitrary: fc.nat(40 * DAY_MS) },
  { weight: 1, arbitrary: fc.nat(3_300 * DAY_MS) }, // further back than a fast counter remembers, not a pair
)

/** One event adds to one cell, and to a pair once. */
const nameOf = ({ kind: of, other }: Delta): string => (of === SIGNAL.popularity ? 'popularity' : `${of} ${other}`)

export const deltaEvent = (itemId: fc.Arbitrary<string>): fc.Arbitrary<ItemDeltas> =>
  fc.record({
    kind: fc.constant('deltas' as const),
    itemId,
    atMs: atMs.map(ms => EPOCH_MS - ms),
    deltas: fc.uniqueArray(anyDelta, { maxLength: 8, selector: nameOf }),
  })
const catalogueEvent: fc.Arbitrary<ItemEvent> = fc.record({
  kind: fc.constant('catalogue' as const),
  itemId: fc.constantFrom('a', 'b', 'c'),
  item: fc.option(
    fc.record({ title: fc.string({ maxLength: 20 }), available: fc.boolean() }).map(fields => itemOf(fields)),
    { nil: null },
  ),
})

/** Deltas of three items, and their catalogue. */
export const itemEvents = (size: { minLength?: number; maxLength: number }): fc.Arbitrary<Sent[]> =>
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: deltaEvent(fc.constantFrom('a', 'a', 'a', 'b', 'c')) },
        { weight: 1, arbitrary: catalogueEvent },
      ),
      size,
    )
    .map(sentItems)
