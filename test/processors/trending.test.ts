import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addUnits, decayedUnits, epochOf } from '../../processors/decay.ts'
import { trending } from '../../processors/trending.ts'
import type { EpochSum } from '../../schemas/neighbours.ts'
import { topics } from '../../schemas/topics.ts'
import type { Trending } from '../../schemas/trending.ts'
import { defaultFolds } from '../../processors/options.ts'
import { DAY_MS, EPOCH_MS, itemOf } from './item-events.ts'
import { ViewFixture } from './view-fixture.ts'

const SLOW_MS = defaultFolds.popularHalfLifeMs
const FAST_MS = defaultFolds.trendingHalfLifeMs

interface Taken {
  readonly itemId: string
  readonly cell?: string
  /** Before EPOCH_MS. */
  readonly daysAgo?: number
  /** Half-units. */
  readonly weight?: number
}

class Shop extends ViewFixture {
  constructor() {
    super(trending(defaultFolds))
  }
  /** Publishes each item's cells. @returns keys stale after the last one */
  take(taken: readonly Taken[]): string[] {
    let keys: string[] = []
    for (const itemId of new Set(taken.map(one => one.itemId))) {
      const own = taken.filter(one => one.itemId === itemId)
      const cells = [...new Set(own.map(one => one.cell ?? '|'))].map(cell => {
        const [country = '', device = ''] = cell.split('|')
        const inCell = own.filter(one => (one.cell ?? '|') === cell)
        return { country, device, slow: sumsOf(inCell, SLOW_MS), fast: sumsOf(inCell, FAST_MS) }
      })
      const newestMs = Math.max(...own.map(one => EPOCH_MS - (one.daysAgo ?? 0) * DAY_MS))
      keys = this.feed(topics.popularity, itemId, { itemId, newestMs, cells })
    }
    return keys
  }
  items(key: string): [string, number][] {
    return this.build<Trending>(key)?.items.map(one => [one.itemId, one.score]) ?? []
  }
}
const sumsOf = (taken: readonly Taken[], halfLifeMs: number): EpochSum[] =>
  taken.reduce<EpochSum[]>((sums, { daysAgo = 0, weight = 2 }) => {
    const atMs = EPOCH_MS - daysAgo * DAY_MS
    return addUnits(sums, epochOf(atMs, halfLifeMs), decayedUnits(weight, atMs, halfLifeMs))
  }, [])

const near = (items: readonly [string, number][], wanted: readonly [string, number][]) => {
  assert.deepEqual(
    items.map(([itemId]) => itemId),
    wanted.map(([itemId]) => itemId),
  )
  items.forEach(([itemId, score], i) => {
    const of = wanted[i]?.[1] as number
    assert.ok(Math.abs(score - of) <= 1e-5 * of, `${itemId}: wanted ${of}, got ${score}`)
  })
}

test('popular is the weight in views, halved every seven days', () => {
  const shop = new Shop()
  shop.take([
    { itemId: 'a', weight: 12, daysAgo: 7 },
    { itemId: 'b', weight: 4 },
  ])
  near(shop.items('popular/all'), [
    ['a', 3],
    ['b', 2],
  ])
})

test('trending is the fast rate over the slow one and the mean of active items', () => {
  const shop = new Shop()
  shop.take([
    { itemId: 'a', weight: 12, daysAgo: 7 },
    { itemId: 'b', weight: 4 },
  ])
  const prior = (6 + 4) / 2
  near(shop.items('trending/all'), [
    ['b', (7 * 4) / (4 + prior)],
    ['a', (7 * 12 * 2 ** -7) / (6 + prior)],
  ])
})

test('an item that no longer has the weight of a view does not lower the prior', () => {
  const shop = new Shop()
  shop.take([
    { itemId: 'a', weight: 4 },
    { itemId: 'faded', weight: 2, daysAgo: 7 },
  ])
  near(shop.items('trending/all').slice(0, 1), [['a', (7 * 4) / (4 + 4)]])
})

test('an item at a steady rate stays below 1, one that is taken up now passes it', () => {
  const shop = new Shop()
  const steady = Array.from({ length: 120 }, (_, daysAgo): Taken => ({ itemId: 'steady', daysAgo, weight: 20 }))
  const rising = Array.from({ length: 120 }, (_, daysAgo): Taken => ({ itemId: 'rising', daysAgo, weight: 2 }))
  shop.take([...steady, ...rising, { itemId: 'rising', weight: 60 }, { itemId: 'once', weight: 2 }])
  const scores = new Map(shop.items('trending/all'))
  const [first] = shop.items('trending/all')
  assert.equal(first?.[0], 'rising')
  assert.ok((scores.get('rising') as number) > 1)
  assert.ok((scores.get('steady') as number) < 1)
  assert.ok((scores.get('once') as number) < 1, 'one view of a new item proves nothing')
})

test('a record makes its own segments stale, in both kinds, and no others', () => {
  const shop = new Shop()
  shop.features('a', { item: itemOf({ categories: ['lamps', 'home'] }) })
  shop.take([{ itemId: 'b', cell: 'DE|desktop' }])
  const keys = shop.take([
    { itemId: 'a', cell: 'AT|mobile' },
    { itemId: 'a', cell: 'AT|' },
  ])
  const segments = ['all', 'category:home', 'category:lamps', 'country:AT', 'device:mobile']
  assert.deepEqual(keys.sort(), [...segments.map(one => `popular/${one}`), ...segments.map(one => `trending/${one}`)])
  near(shop.items('popular/country:AT'), [['a', 2]])
  near(shop.items('popular/device:mobile'), [['a', 1]])
  near(shop.items('popular/category:home'), [['a', 2]])
})

test('an item moves with its categories', () => {
  const shop = new Shop()
  shop.features('a', { item: itemOf({ categories: ['lamps'] }) })
  shop.take([{ itemId: 'a' }])
  const keys = shop.features('a', { item: itemOf({ categories: ['tables'] }) })
  assert.ok(keys.includes('popular/category:lamps') && keys.includes('popular/category:tables'), keys.join(' '))
  assert.equal(shop.build('popular/category:lamps'), null)
  near(shop.items('popular/category:tables'), [['a', 1]])
})

test('an item taken down leaves its segments at once and comes back with its weights', () => {
  const shop = new Shop()
  shop.features('a')
  shop.take([{ itemId: 'a' }])
  assert.deepEqual(shop.features('a', { item: itemOf({ available: false }) }), ['popular/all', 'trending/all'])
  assert.equal(shop.build('popular/all'), null)
  assert.deepEqual(shop.features('a'), ['popular/all', 'trending/all'])
  near(shop.items('popular/all'), [['a', 1]])
})

test('weights that were read years of event time apart rank together', () => {
  const shop = new Shop()
  shop.take([{ itemId: 'old', daysAgo: 3_000, weight: 200 }])
  near(shop.items('popular/all'), [['old', 100]])
  shop.take([{ itemId: 'new' }])
  near(shop.items('popular/all').slice(0, 1), [['new', 1]])
})

test('the sweep ranks a segment again when an hour of event time has passed elsewhere', () => {
  const shop = new Shop()
  shop.take([{ itemId: 'a', cell: 'AT|', daysAgo: 1 }])
  for (const key of ['trending/all', 'trending/country:AT']) shop.build(key)
  assert.equal(shop.instance.sweep?.(0), undefined)
  shop.take([{ itemId: 'b' }])
  shop.build('trending/all')
  assert.equal(shop.instance.sweep?.(0), 'trending/country:AT')
})

test('a ranking is that of a plain sort: best first, equal scores by id, at most 200', () => {
  const taken = fc.array(
    fc.record({
      itemId: fc.nat(300).map(n => `i${n}`),
      weight: fc.constantFrom(2, 4, 6),
      daysAgo: fc.constantFrom(0, 0, 1, 7),
      cell: fc.constantFrom('AT|mobile', 'AT|desktop', 'DE|'),
    }),
    { maxLength: 400, size: 'max' },
  )
  fc.assert(
    fc.property(taken, fc.constantFrom('all', 'country:AT', 'device:desktop'), (all, segment) => {
      const shop = new Shop()
      shop.take([...all, { itemId: 'now', weight: 1000, cell: 'AT|desktop' }])
      const isIn = ({ cell }: { cell: string }) =>
        segment === 'all' || cell.startsWith(segment.slice(8)) || cell.endsWith(segment.slice(7))
      const views = new Map<string, number>([['now', 500]])
      for (const one of all.filter(isIn))
        views.set(one.itemId, (views.get(one.itemId) ?? 0) + one.weight / 2 / 2 ** (one.daysAgo / 7))
      const wanted = [...views].sort(([a, x], [b, y]) => (Math.abs(x - y) > 1e-4 ? y - x : a < b ? -1 : 1))
      const items = shop.items(`popular/${segment}`)
      assert.equal(items.length, Math.min(200, wanted.length))
      items.forEach(([itemId, score], i) => {
        assert.ok(Math.abs(score - (views.get(itemId) as number)) <= 1e-3)
        assert.ok(
          Math.abs(score - (wanted[i]?.[1] as number)) <= 1e-3,
          `${i}: wanted ${wanted[i]}, got ${itemId} ${score}`,
        )
        const next = items[i + 1]
        assert.ok(!next || next[1] < score || (next[1] === score && next[0] > itemId), 'equal scores stand by id')
      })
    }),
    { numRuns: 50 },
  )
})
