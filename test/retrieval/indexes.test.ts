import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ItemIds } from '../../retrieval/item-ids.ts'
import { ItemIndex } from '../../retrieval/item-index.ts'
import { ItemSet } from '../../retrieval/item-set.ts'
import { MAX_RELATED, RelatedIndex } from '../../retrieval/related-index.ts'
import { type Segment, TrendingIndex } from '../../retrieval/trending-index.ts'
import { features } from '../processors/list-fixture.ts'

test('asking for an unknown id leaves no trace, naming one gives it a number for good', () => {
  const ids = new ItemIds()
  assert.deepEqual([ids.find('a'), ids.size], [-1, 0])
  assert.deepEqual([ids.intern('a'), ids.intern('b'), ids.intern('a'), ids.find('b'), ids.idOf(1)], [0, 1, 0, 1, 'b'])
})

test('facts of 3,000 items survive the growth of every array', () => {
  const items = new ItemIndex()
  for (let i = 0; i < 3_000; i++) {
    items.apply({ key: `i${i}`, value: features(`i${i}`, { categories: [`c${i % 9}`], brand: `b${i % 4}`, price: i }) })
  }
  for (const i of [0, 1_023, 1_024, 2_999]) {
    const index = items.ids.find(`i${i}`)
    assert.equal(items.categoryIds.idOf(items.categoryOf(index)), `c${i % 9}`)
    assert.equal(items.brandIds.idOf(items.brands[index] as number), `b${i % 4}`)
    assert.deepEqual([items.prices[index], items.publishedAtMs[index]], [i, Number.NaN])
    assert.ok(Math.hypot(...items.vectors.row(index)) > 0.999)
  }
  assert.equal(items.catalogued, 3_000)
})

test('what may be shown: anything while there is no catalogue, then only what it has and is available', () => {
  const items = new ItemIndex()
  const [known, unknown] = [items.ids.intern('known'), items.ids.intern('unknown')]
  const servable = () => [known, unknown, 99].map(item => items.isServable(item))
  assert.deepEqual(servable(), [true, true, true])
  items.apply({ key: 'known', value: features('known') })
  assert.deepEqual(servable(), [true, false, false])
  items.apply({ key: 'known', value: features('known', { available: false }) })
  assert.deepEqual(servable(), [false, false, false])
  items.apply({ key: 'known', value: { ...features('known'), item: null } })
  assert.deepEqual([...servable(), items.catalogued], [true, true, true, 0])
})

test('the revision rises when a vector changes, not when statistics do', () => {
  const items = new ItemIndex()
  items.apply({ key: 'a', value: features('a', { title: 'red' }) })
  const first = items.revision
  items.apply({ key: 'a', value: { ...features('a', { title: 'red' }), counts: { view: 5 } } })
  assert.equal(items.revision, first)
  items.apply({ key: 'a', value: features('a', { title: 'blue' }) })
  assert.equal(items.revision, first + 1)
})

test('facts are read again when the catalogue has spoken of the item again, not when its counts moved', () => {
  const items = new ItemIndex()
  const at = (revision: number, price: number) =>
    items.apply({ key: 'a', value: { ...features('a', { price }), revision } })
  const price = () => items.prices[items.ids.find('a')]
  at(1, 10)
  at(1, 99) // cannot happen: it shows that a known revision is passed over
  assert.equal(price(), 10)
  at(2, 20)
  assert.equal(price(), 20)
})

test('neighbours: replaced whole, at most fifty, none without a score above 0, none of an item to itself', () => {
  const related = new RelatedIndex(new ItemIds())
  const { similar } = related
  const list = (items: Record<string, number>) => ({
    key: 'similar/a/b', // an id may hold a slash
    value: { items: Object.entries(items).map(([itemId, score]) => ({ itemId, score })) },
  })
  related.apply(list(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`n${i}`, 1]))))
  assert.equal(similar.lengthAt(similar.startOf(0)), MAX_RELATED)
  related.apply(list({ x: 0.5, y: 0, z: Number.NaN, 'a/b': 1, w: 0.25 }))
  const start = similar.startOf(0)
  assert.equal(similar.lengthAt(start), 2)
  assert.deepEqual([...similar.scores.subarray(start, start + 2)], [0.5, 0.25])
  related.apply({ key: 'similar/a/b', value: null })
  assert.equal(similar.lengthAt(start), 0)
  assert.deepEqual([similar.startOf(1), similar.startOf(1e6), related.next.startOf(0)], [-1, -1, -1])
})

test('3,000 rows of neighbours survive the growth of the slab', () => {
  const ids = new ItemIds()
  const related = new RelatedIndex(ids)
  for (let i = 0; i < 3_000; i++) {
    related.apply({ key: `next/i${i}`, value: { items: [{ itemId: `i${i + 1}`, score: i + 1 }] } })
  }
  for (const i of [0, 1_023, 1_024, 2_999]) {
    const start = related.next.startOf(ids.find(`i${i}`))
    assert.equal(ids.idOf(related.next.items[start] as number), `i${i + 1}`)
    assert.equal(related.next.scores[start], i + 1)
  }
})

const segments: readonly { key: string; read: (index: TrendingIndex, category: number) => unknown }[] = [
  { key: 'popular/all', read: ({ popular }) => popular.all },
  { key: 'popular/category:a/b', read: ({ popular }, category) => popular.categories[category] },
  { key: 'trending/category:a/b', read: ({ trending }, category) => trending.categories[category] },
  { key: 'trending/country:de', read: ({ trending }) => trending.countries.get('de') },
  { key: 'popular/device:category:x', read: ({ popular }) => popular.devices.get('category:x') },
]
for (const [at, { key }] of segments.entries()) {
  test(`${key} is replaced by its next record and gone after a tombstone, and no other segment is touched`, () => {
    const categoryIds = new ItemIds()
    const trending = new TrendingIndex(new ItemIds(), categoryIds)
    const all = () => segments.map(one => one.read(trending, categoryIds.find('a/b')) as Segment | undefined)
    assert.deepEqual(all(), [undefined, undefined, undefined, undefined, undefined])
    for (const [items, numbers] of [
      [
        ['x', 'y'],
        [0, 1],
      ],
      [['y'], [1]],
    ] as const) {
      trending.apply({ key, value: { items: items.map(itemId => ({ itemId, score: 2 })) } })
      assert.deepEqual([...(all()[at]?.items ?? [])], numbers)
    }
    assert.equal(all().filter(one => one !== undefined).length, 1)
    trending.apply({ key, value: null })
    assert.equal(all()[at], undefined)
  })
}

test('a set of items is emptied at once and grows with its members', () => {
  const set = new ItemSet()
  set.clear()
  assert.deepEqual(
    [set.add(5_000), set.add(5_000), set.has(5_000), set.has(4_999), set.has(9_999)],
    [true, false, true, false, false],
  )
  set.clear()
  assert.deepEqual([set.has(5_000), set.add(5_000)], [false, true])
})
