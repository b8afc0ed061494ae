import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { NeighbourRelation } from '../../processors/co-occurrence.ts'
import { decayedUnits, epochOf } from '../../processors/decay.ts'
import { defaultFolds } from '../../processors/options.ts'
import { related } from '../../processors/related.ts'
import type { EpochSum } from '../../schemas/neighbours.ts'
import type { Related } from '../../schemas/related.ts'
import { topics } from '../../schemas/topics.ts'
import { DAY_MS, EPOCH_MS, itemOf } from './item-events.ts'
import { ViewFixture } from './view-fixture.ts'

const HALF_LIFE_MS = defaultFolds.pairHalfLifeMs
const NOW_MS = EPOCH_MS + 60 * DAY_MS

/** @param weight - at `atMs` */
const sumsOf = (weight: number, atMs = NOW_MS): EpochSum[] => [
  { epoch: epochOf(atMs, HALF_LIFE_MS), sum: decayedUnits(weight, atMs, HALF_LIFE_MS) },
]
interface Slot {
  readonly itemId: string
  readonly weight: number
  readonly atMs?: number
  readonly error?: number
}

class Shop extends ViewFixture {
  constructor() {
    super(related(defaultFolds))
  }
  norm(itemId: string, viewed: number, bought = 0, atMs = NOW_MS): string[] {
    return this.features(itemId, {
      viewedNorm: sumsOf(viewed, atMs),
      boughtNorm: sumsOf(bought, atMs),
      newestMs: atMs,
    })
  }
  row(relation: NeighbourRelation, itemId: string, slots: readonly Slot[], newestMs = NOW_MS): string[] {
    return this.feed(topics.neighbours, `${relation}/${itemId}`, {
      itemId,
      relation,
      newestMs,
      overflowed: false,
      slots: slots.map(({ itemId: other, weight, atMs = newestMs, error }) => ({
        itemId: other,
        sums: sumsOf(weight, atMs),
        error: error === undefined ? [] : sumsOf(error, atMs),
      })),
    })
  }
  items(key: string): [string, number][] {
    return this.build<Related>(key)?.items.map(one => [one.itemId, one.score]) ?? []
  }
}

const near = (items: readonly [string, number][], wanted: readonly [string, number][]) => {
  assert.deepEqual(
    items.map(([itemId]) => itemId),
    wanted.map(([itemId]) => itemId),
  )
  items.forEach(([itemId, score], i) => {
    const of = wanted[i]?.[1] as number
    assert.ok(Math.abs(score - of) <= 1e-6 * of, `${itemId}: wanted ${of}, got ${score}`)
  })
}

test('similar is the cosine, times n / (n + 10) for n views', () => {
  const shop = new Shop()
  for (const [itemId, norm] of [
    ['a', 100],
    ['b', 25],
    ['c', 400],
  ] as const)
    shop.norm(itemId, norm)
  const keys = shop.row('viewed-with', 'a', [
    { itemId: 'b', weight: 20 }, // 20 half-units: 10 views
    { itemId: 'c', weight: 20 },
  ])
  assert.deepEqual(keys, ['similar/a'])
  near(shop.items('similar/a'), [
    ['b', (20 / Math.sqrt(100 * 25)) * (10 / (10 + 10))],
    ['c', (20 / Math.sqrt(100 * 400)) * (10 / (10 + 10))],
  ])
})

test('all counts are read at the newest event known: the cosine stays, the shrinkage grows', () => {
  const shop = new Shop()
  shop.norm('a', 100, 0, EPOCH_MS)
  shop.norm('b', 25, 0, EPOCH_MS)
  shop.row('viewed-with', 'a', [{ itemId: 'b', weight: 20 }], EPOCH_MS)
  shop.norm('z', 1, 0, NOW_MS) // one half-life later
  near(shop.items('similar/a'), [['b', (20 / Math.sqrt(100 * 25)) * (5 / (5 + 10))]])
})

test('next is the share of what follows, times n / (n + 5) for n steps', () => {
  const shop = new Shop()
  shop.row('next', 'a', [
    { itemId: 'b', weight: 30 }, // sixths: 5 steps
    { itemId: 'c', weight: 6 },
  ])
  near(shop.items('next/a'), [
    ['b', (30 / 36) * (5 / 10)],
    ['c', (6 / 36) * (1 / 6)],
  ])
})

test('together is the cosine over orders, from two orders on', () => {
  const shop = new Shop()
  shop.norm('a', 0, 8)
  for (const itemId of ['b', 'c', 'd']) shop.norm(itemId, 0, 2)
  shop.row('bought-with', 'a', [
    { itemId: 'b', weight: 2 },
    { itemId: 'c', weight: 1 }, // one order, just now
    { itemId: 'd', weight: 1.5 }, // two orders, one of them a half-life ago
  ])
  near(shop.items('together/a'), [
    ['b', (2 / Math.sqrt(8 * 2)) * (2 / 4)],
    ['d', (1.5 / Math.sqrt(8 * 2)) * (1.5 / 3.5)],
  ])
})

test('only what is certain of a neighbour counts', () => {
  const shop = new Shop()
  shop.norm('a', 100)
  shop.norm('b', 100)
  shop.row('viewed-with', 'a', [
    { itemId: 'b', weight: 30, error: 10 },
    { itemId: 'c', weight: 10, error: 10 },
  ])
  near(shop.items('similar/a'), [['b', (20 / 100) * (10 / 20)]])
})

test('a norm that lags behind its pair counts as the pair', () => {
  const shop = new Shop()
  shop.row('viewed-with', 'a', [{ itemId: 'b', weight: 20 }])
  near(shop.items('similar/a'), [['b', 1 * (10 / 20)]])
})

test('an item that may not be shown is left out, and its taking down rebuilds the rows that show it', () => {
  const shop = new Shop()
  for (const itemId of ['a', 'b', 'c']) shop.norm(itemId, 100)
  shop.row('next', 'a', [{ itemId: 'b', weight: 6 }])
  shop.row('next', 'c', [{ itemId: 'a', weight: 6 }])
  shop.items('next/a')
  shop.items('next/c')
  assert.deepEqual(shop.features('b'), [], 'an available item takes nothing down')
  assert.deepEqual(shop.features('b', { item: itemOf({ available: false }) }), ['next/a'])
  assert.equal(shop.build('next/a'), null)
  assert.deepEqual(shop.features('b', { item: itemOf({ available: false }) }), [], 'and only once')
})

test('with a catalogue, an item it does not know is left out; without one, none is', () => {
  const shop = new Shop()
  shop.row('next', 'a', [{ itemId: 'b', weight: 6 }])
  assert.equal(shop.items('next/a').length, 1)
  shop.features('x')
  assert.equal(shop.items('next/a').length, 0)
})

test('a row whose neighbours are all gone is deleted', () => {
  const shop = new Shop()
  shop.row('next', 'a', [{ itemId: 'b', weight: 6 }])
  shop.items('next/a')
  shop.row('next', 'a', [])
  assert.equal(shop.build('next/a'), null)
})

test('the sweep looks at rows ten minutes old and tells only what has changed', () => {
  const shop = new Shop()
  shop.row('next', 'a', [{ itemId: 'b', weight: 6 }])
  assert.notEqual(shop.build('next/a', 1), undefined)
  assert.equal(shop.instance.sweep?.(10 * 60_000), undefined)
  assert.equal(shop.instance.sweep?.(10 * 60_000 + 1), 'next/a')
  assert.equal(shop.build('next/a', 10 * 60_000 + 1), undefined)
})

test('a row that changes after the sweep took it is told of, also where the order stays as it was', () => {
  const shop = new Shop()
  shop.row('next', 'a', [{ itemId: 'b', weight: 8 }])
  const [[, before = 0] = []] = shop.items('next/a')
  assert.equal(shop.instance.sweep?.(10 * 60_000 + 1), 'next/a')
  shop.row('next', 'a', [{ itemId: 'b', weight: 80 }])
  const [[, after = 0] = []] = shop.items('next/a')
  assert.ok(after > before, `${after} after ${before}`)
})

test('the ranking is that of a plain sort: best first, equal scores by id, at most 50', () => {
  const slots = fc.uniqueArray(
    fc.record({ itemId: fc.nat(400).map(n => `i${n}`), weight: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 120, size: 'max', selector: one => one.itemId },
  )
  const norms = fc.constantFrom(12, 50, 400)
  fc.assert(
    fc.property(slots, fc.array(norms, { minLength: 401, maxLength: 401 }), (row, of) => {
      const shop = new Shop()
      shop.norm('a', 100)
      for (const { itemId } of row) shop.norm(itemId, of[Number(itemId.slice(1))] as number)
      shop.row('viewed-with', 'a', row)
      const scoreOf = ({ itemId, weight }: Slot) =>
        (weight / Math.sqrt(100 * (of[Number(itemId.slice(1))] as number))) * (weight / 2 / (weight / 2 + 10))
      const wanted = row
        .map((one): [string, number] => [one.itemId, Math.fround(scoreOf(one))])
        .sort(([a, x], [b, y]) => (Math.abs(x - y) > 1e-7 ? y - x : a < b ? -1 : 1))
      near(shop.items('similar/a'), wanted.slice(0, 50))
    }),
  )
})
