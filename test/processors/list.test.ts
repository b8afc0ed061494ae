import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sources } from '../../retrieval/sources.ts'
import { itemsOf } from '../../schemas/list-items.ts'
import { topics } from '../../schemas/topics.ts'
import { features, idsOf, known, ListFixture, NOW_MS, recent } from './list-fixture.ts'

const CO_OCCURRENCE = sources.findIndex(source => source.name === 'co-occurrence')
const POPULAR = sources.findIndex(source => source.name === 'popular')

test('a like changes the next list, and the list says through which item and source', () => {
  const shop = new ListFixture()
  for (const id of ['liked', 'beside', 'hit']) shop.item(id)
  shop.related('similar', 'liked', { beside: 0.4 })
  shop.segment('popular', 'all', ['hit', 'liked'])
  assert.deepEqual(shop.hot('u:1', []), [], 'nothing was done yet')
  assert.deepEqual(idsOf(shop.build('u:1')), ['hit', 'liked'])
  assert.deepEqual(shop.hot('u:1', recent('liked like'), { offset: 77 }), ['u:1'])
  const list = shop.build('u:1', NOW_MS + 5)
  assert.deepEqual(idsOf(list), ['beside', 'hit'])
  const [beside, hit] = itemsOf(list)
  assert.equal(beside?.source, CO_OCCURRENCE)
  assert.equal(beside?.sources, 1 << CO_OCCURRENCE)
  assert.deepEqual(beside?.because, ['liked'])
  assert.equal(hit?.source, POPULAR)
  assert.deepEqual(hit?.because, [])
  assert.deepEqual(
    [list.rung, list.offset, list.partition, list.model, list.builtAtMs],
    ['session', 77, 0, 'blend-1', NOW_MS + 5],
  )
})

const dirty: readonly { name: string; run: (shop: ListFixture) => string[]; stale: string[] }[] = [
  { name: 'a view', run: shop => shop.hot('u:1', recent('a view')), stale: ['u:1'] },
  { name: 'a view by a device without login', run: shop => shop.hot('a:1', recent('a view')), stale: ['a:1'] },
  { name: 'an impression alone', run: shop => shop.hot('u:1', recent('a impression')), stale: [] },
  {
    name: 'an impression after a view that is known',
    run: shop => {
      shop.hot('u:1', recent('a view'))
      return shop.hot('u:1', [...recent('a view'), ...recent('b impression')])
    },
    stale: [],
  },
  {
    name: 'an impression after a cold record has covered the view',
    run: shop => {
      shop.hot('u:1', recent('a view'), { offset: 5 })
      shop.cold('u:1', [known('a')], { offset: 5 })
      return shop.hot('u:1', [...recent('a view'), ...recent('b impression')], { offset: 6 })
    },
    stale: [],
  },
  {
    name: 'the same item again',
    run: shop => {
      shop.hot('u:1', recent('a view'))
      return shop.hot('u:1', recent('a view, a view'))
    },
    stale: ['u:1'],
  },
  { name: 'a skip', run: shop => shop.hot('u:1', recent('a skip')), stale: ['u:1'] },
  { name: 'a cold record of unknown items', run: shop => shop.cold('u:1', [known('a')]), stale: ['u:1'] },
  {
    name: 'a cold record of what the hot one had told',
    run: shop => {
      shop.hot('u:1', recent('a view, b like'))
      return shop.cold('u:1', [known('a'), known('b', { strength: 4 })])
    },
    stale: [],
  },
  { name: 'a new user', run: shop => shop.user('1', []), stale: ['u:1'] },
  {
    name: 'the same facts of a user who has a list',
    run: shop => {
      shop.user('1', ['books'])
      shop.build('u:1')
      return shop.user('1', ['books'])
    },
    stale: [],
  },
  {
    name: 'other preferences of a user who has a list',
    run: shop => {
      shop.user('1', ['books'])
      shop.build('u:1')
      return shop.user('1', ['games'])
    },
    stale: ['u:1'],
  },
]
for (const { name, run, stale } of dirty) {
  test(`stale lists after ${name}: ${stale.length}`, () => assert.deepEqual(run(new ListFixture()), stale))
}

test('an item taken down makes the lists that show it stale, once', () => {
  const shop = new ListFixture()
  for (const id of ['x', 'y']) shop.item(id)
  shop.segment('popular', 'all', ['x', 'y'])
  for (const visitor of ['u:1', 'a:1']) {
    shop.hot(visitor, recent('z view'))
    shop.build(visitor)
  }
  assert.deepEqual(shop.item('x'), [], 'still available')
  assert.deepEqual(shop.item('x', { available: false }).sort(), ['a:1', 'u:1'])
  assert.deepEqual(shop.item('x', { available: false }), [])
  assert.deepEqual(idsOf(shop.build('u:1')), ['y'])
})

test('a deleted item is taken down like an unavailable one', () => {
  const shop = new ListFixture()
  for (const id of ['x', 'y']) shop.item(id)
  shop.segment('popular', 'all', ['x', 'y'])
  shop.hot('u:1', recent('z view'))
  shop.build('u:1')
  assert.deepEqual(shop.broadcast(topics.itemFeatures.name, 'x', { ...features('x'), item: null }), ['u:1'])
  assert.deepEqual(idsOf(shop.build('u:1')), ['y'])
})

test('a shop without a catalogue gets lists of what its events name', () => {
  const shop = new ListFixture()
  shop.segment('popular', 'all', ['x', 'y'])
  shop.hot('u:1', recent('y view'))
  assert.deepEqual(idsOf(shop.build('u:1')), ['x'])
})

test('an empty shop gives an empty list, not an error', () => {
  const shop = new ListFixture()
  shop.hot('u:1', recent('z view'))
  assert.deepEqual(shop.build('u:1').itemIds, [])
})

test('a visitor nobody has heard of has no list and leaves no trace', () => {
  const shop = new ListFixture()
  assert.deepEqual(shop.instance.build('u:nobody', NOW_MS), [])
  assert.equal(shop.instance.sweep?.(NOW_MS), undefined)
})

test('a deleted profile deletes the list', () => {
  const shop = new ListFixture()
  shop.hot('u:1', recent('z view'))
  assert.deepEqual(shop.input(topics.profiles.name, 'hot/u:1', null), ['u:1'])
  assert.deepEqual(shop.instance.build('u:1', NOW_MS), [{ key: 'u:1', value: null }])
})

test('the sweep takes the most recently active first, and only lists older than the bound', () => {
  const shop = new ListFixture({ maxAgeMs: 1_000 })
  for (const visitor of ['u:old', 'u:mid', 'u:new']) {
    shop.hot(visitor, recent('z view'))
    shop.build(visitor)
  }
  assert.equal(shop.instance.sweep?.(NOW_MS + 1_000), undefined, 'exactly the bound is young enough')
  const swept = [1, 2, 3].map(() => shop.instance.sweep?.(NOW_MS + 1_001))
  assert.deepEqual(swept, ['u:new', 'u:mid', 'u:old'])
})

test('beyond the bound the visitor idle for longest is forgotten, and counted', () => {
  const shop = new ListFixture({ maxVisitors: 2 })
  for (const visitor of ['u:1', 'u:2']) shop.hot(visitor, recent('z view'))
  shop.hot('u:1', recent('z view, y view'))
  shop.hot('u:3', recent('z view'))
  assert.equal(shop.counts.get('visitorsForgotten'), 1)
  assert.deepEqual(shop.instance.build('u:2', NOW_MS), [])
  assert.equal(shop.build('u:1').visitor, 'u:1')
})
