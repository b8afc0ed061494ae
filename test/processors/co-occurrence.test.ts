import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coOccurrence } from '../../processors/co-occurrence.ts'
import { addUnits, decayedUnits, decayedWeight, epochOf, SCALE } from '../../processors/decay.ts'
import { defaultFolds } from '../../processors/options.ts'
import type { NeighbourPage } from '../../schemas/neighbour-page.ts'
import type { EpochSum, Neighbours } from '../../schemas/neighbours.ts'
import { SIGNAL } from '../../schemas/signals.ts'
import { Drive } from './drive.ts'
import { DAY_MS, delta, deltasOf, EPOCH_MS, sentItem } from './item-events.ts'

const HALF_LIFE_MS = defaultFolds.pairHalfLifeMs
const EPOCH = epochOf(EPOCH_MS, HALF_LIFE_MS)
const AT = { partition: 0, offset: 0, appendedAtMs: 0 }

interface Pair {
  readonly other: string
  readonly atMs: number
  readonly amount: number
}
type State = { readonly pages: readonly NeighbourPage[] }

function rowOf(pairs: readonly Pair[], maxNeighbours = 512) {
  const processor = coOccurrence('viewed-with', { ...defaultFolds, maxNeighbours })
  const drive = new Drive([processor])
  for (const { other, atMs, amount } of pairs)
    drive.send(sentItem(deltasOf('a', atMs, [delta(SIGNAL.viewedWith, other, amount)])))
  const state = drive.stateOf<State>('viewed-with', 'a')
  const record = processor.tables?.[0]?.records('a', state, AT)[0]?.value as Neighbours
  return { record, canonical: processor.store?.canonical?.(state), isOverflowed: processor.store?.overflowed?.(state) }
}

const pair = (other: string, days = 0, amount = 1): Pair => ({ other, atMs: EPOCH_MS + days * DAY_MS, amount })
const slot = (itemId: string, sum: number, error: EpochSum[] = []) => ({
  itemId,
  sums: [{ epoch: EPOCH, sum }],
  error,
})
const rows: { name: string; pairs: Pair[]; limit?: number; slots: unknown[]; isOverflowed?: boolean }[] = [
  { name: 'a pair counts at its own time', pairs: [pair('b'), pair('b', 60)], slots: [slot('b', 3 * SCALE)] },
  {
    name: 'what is taken back leaves no trace',
    pairs: [pair('b'), pair('c'), pair('b', 0, -1)],
    slots: [slot('c', SCALE)],
  },
  { name: 'a full row is exact', pairs: [pair('b'), pair('c')], limit: 2, slots: [slot('b', SCALE), slot('c', SCALE)] },
  {
    name: 'one neighbour more takes the place and the count of the least',
    pairs: [pair('b', 0, 2), pair('c'), pair('d')],
    limit: 2,
    slots: [slot('b', 2 * SCALE), slot('d', 2 * SCALE, [{ epoch: EPOCH, sum: SCALE }])],
    isOverflowed: true,
  },
  {
    name: 'least is what has faded most, not what was counted least',
    pairs: [pair('b', 0, 3), pair('c', 120), pair('d', 120)],
    limit: 2,
    slots: [slot('d', 7 * SCALE, [{ epoch: EPOCH, sum: 3 * SCALE }]), slot('c', 4 * SCALE)],
    isOverflowed: true,
  },
  {
    name: 'of equal neighbours the smaller id makes room',
    pairs: [pair('c'), pair('b'), pair('d')],
    limit: 2,
    slots: [slot('c', SCALE), slot('d', 2 * SCALE, [{ epoch: EPOCH, sum: SCALE }])],
    isOverflowed: true,
  },
  {
    name: 'a full row turns away a decrease of a stranger, and is marked, as its increase would have done',
    pairs: [pair('b'), pair('c'), pair('d', 0, -1)],
    limit: 2,
    slots: [slot('b', SCALE), slot('c', SCALE)],
    isOverflowed: true,
  },
]
for (const { name, pairs, limit, slots, isOverflowed = false } of rows)
  test(name, () => {
    const row = rowOf(pairs, limit)
    assert.deepEqual(row.record.slots, slots)
    assert.equal(row.record.overflowed, isOverflowed)
    assert.equal(row.isOverflowed, isOverflowed)
  })

test('each relation takes its own deltas and is published under its own name', () => {
  const drive = new Drive([coOccurrence('viewed-with', defaultFolds), coOccurrence('next', defaultFolds)])
  const { touched } = drive.send(sentItem(deltasOf('a', EPOCH_MS, [delta(SIGNAL.next, 'b', 6)])))
  assert.deepEqual(touched, [{ processor: 1, key: 'a' }])
  const [record] =
    coOccurrence('next', defaultFolds).tables?.[0]?.records('a', drive.stateOf<State>('next', 'a'), AT) ?? []
  assert.equal(record?.key, 'next/a')
})

const pairs = (others: number, maxLength: number) =>
  fc.array(
    fc.record({
      other: fc.nat(others - 1).map(n => `i${n}`),
      atMs: fc.nat(1_500 * DAY_MS).map(ms => EPOCH_MS - ms),
      amount: fc.constantFrom(1, 2, 4),
    }),
    { maxLength, size: 'max' },
  )

test('any order of arrival, with takings back among it, gives the row of a plain recount', () => {
  const arrivals = fc.tuple(pairs(60, 120), pairs(60, 40)).chain(([kept, taken]) => {
    const all = [...kept, ...taken, ...taken.map(one => ({ ...one, amount: -one.amount }))]
    return fc.tuple(fc.constant(kept), fc.shuffledSubarray(all, { minLength: all.length }))
  })
  fc.assert(
    fc.property(arrivals, ([kept, arrived]) => {
      const sums = new Map<string, Map<number, number>>()
      for (const { other, atMs, amount } of kept) {
        const epoch = Math.floor(atMs / (8 * HALF_LIFE_MS))
        const of = sums.get(other) ?? new Map<number, number>()
        const weight = Math.round(amount * 2 ** ((atMs % (8 * HALF_LIFE_MS)) / HALF_LIFE_MS) * 65_536)
        of.set(epoch, (of.get(epoch) ?? 0) + weight)
        sums.set(other, of)
      }
      const recount = [...sums].map(([other, of]) => [other, [...of].sort(([a], [b]) => a - b)] as const)
      const row = rowOf(arrived)
      assert.deepEqual(
        row.canonical,
        recount.sort(([a], [b]) => (a < b ? -1 : 1)),
      )
      assert.equal(row.isOverflowed, false)
    }),
  )
})

test('a row overflows when it has met one neighbour too many, in whatever order', () => {
  const arrivals = pairs(30, 60).chain(all =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  )
  fc.assert(
    fc.property(arrivals, ([some, others]) => {
      const distinct = new Set(some.map(one => one.other)).size
      assert.equal(rowOf(some, 20).isOverflowed, distinct > 20)
      assert.equal(rowOf(others, 20).isOverflowed, distinct > 20)
    }),
  )
})

/** Space-Saving over n of weight N: an estimate is too great by its error at most, and that by N / limit. */
test('an overflowed row knows each of its neighbours to within its error, and misses none of weight above N / limit', () => {
  const LIMIT = 70 // long enough for an index
  fc.assert(
    fc.property(pairs(150, 400), all => {
      const { record } = rowOf(all, LIMIT)
      const truth = new Map<string, EpochSum[]>()
      for (const { other, atMs, amount } of all)
        truth.set(
          other,
          addUnits(truth.get(other) ?? [], epochOf(atMs, HALF_LIFE_MS), decayedUnits(amount, atMs, HALF_LIFE_MS)),
        )
      const weight = (sums: EpochSum[] = []) => decayedWeight(sums, EPOCH_MS, HALF_LIFE_MS)
      const total = [...truth.values()].reduce((sum, sums) => sum + weight(sums), 0)
      const tolerance = 1e-9 * (total + 1)
      for (const { itemId, sums, error } of record.slots) {
        const is = weight(truth.get(itemId))
        assert.ok(weight(sums) >= is - tolerance, `${itemId}: wanted at least ${is}, got ${weight(sums)}`)
        assert.ok(weight(sums) - weight(error) <= is + tolerance, `${itemId}: more than ${is} is called certain`)
        assert.ok(weight(error) <= total / LIMIT + tolerance, `${itemId}: the error is more than its share`)
      }
      const held = new Set(record.slots.map(one => one.itemId))
      for (const [other, sums] of truth)
        assert.ok(held.has(other) || weight(sums) <= total / LIMIT + tolerance, `${other} is missing`)
    }),
  )
})

test('a version gone back to goes on as if the others had never been', () => {
  const processor = coOccurrence('viewed-with', { ...defaultFolds, maxNeighbours: 80 })
  const context = { origin: AT, partition: 0, partitions: 1, storeSize: 0 }
  const event = (other: string) => deltasOf('a', EPOCH_MS, [delta(SIGNAL.viewedWith, other, 2)])
  let state: State = { pages: [] }
  for (let i = 0; i < 80; i++) state = processor.step(state, event(`i${i}`), context).state ?? state
  const once = processor.step(state, event('x'), context)
  const again = processor.step(state, event('x'), context)
  const elsewhere = processor.step(state, event('y'), context)
  assert.deepEqual(again, once)
  const after = processor.step(once.state as State, event('i5'), context)
  assert.deepEqual(processor.step(again.state as State, event('i5'), context), after)
  assert.notDeepEqual(elsewhere, once)
})
