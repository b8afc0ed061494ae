import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sourceName, sources } from '../../retrieval/sources.ts'
import { itemsOf } from '../../schemas/list-items.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import type { ProfileItem, RecentItem } from '../../schemas/profile.ts'
import { idsOf, known, ListFixture, NOW_MS } from './list-fixture.ts'

const ids = Array.from({ length: 30 }, (_, i) => `i${i}`)
const itemId = fc.constantFrom(...ids)
const scored = fc.dictionary(itemId, fc.double({ min: 0.01, max: 1, noNaN: true }), { maxKeys: 12 })

/** A small shop and one visitor's history, everything of it drawn. */
const world = fc.record({
  catalogue: fc.array(
    fc.record({
      available: fc.boolean(),
      categories: fc.array(fc.constantFrom('books', 'games', 'food'), { maxLength: 2 }),
      brand: fc.constantFrom(null, 'acme', 'zen'),
      title: fc.constantFrom('', 'red thing', 'blue thing'),
    }),
    { minLength: ids.length, maxLength: ids.length },
  ),
  similar: fc.dictionary(itemId, scored, { maxKeys: 12 }),
  next: fc.dictionary(itemId, scored, { maxKeys: 6 }),
  popular: fc.uniqueArray(itemId),
  trending: fc.uniqueArray(itemId),
  cold: fc.uniqueArray(fc.record({ itemId, strength: fc.constantFrom(0, 2, 4, 6), negative: fc.boolean() }), {
    selector: one => one.itemId,
    maxLength: 12,
  }),
  bought: fc.array(itemId, { maxLength: 4 }),
  recent: fc.array(
    fc.record({
      itemId,
      type: fc.constantFrom('view', 'like', 'purchase', 'impression', 'skip', 'dislike', 'unheard-of'),
    }),
    { maxLength: 12 },
  ),
  positives: fc.nat(30),
  stored: fc.integer({ min: 1, max: 25 }),
  enabled: fc.subarray(
    sources.map(source => source.name),
    { minLength: 1 },
  ),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function build(given: World): { list: RankedList; shop: ListFixture } {
  const shop = new ListFixture({ stored: given.stored, candidates: 60, sources: given.enabled })
  given.catalogue.forEach((facts, i) => {
    shop.item(`i${i}`, facts)
  })
  for (const [id, items] of Object.entries(given.similar)) shop.related('similar', id, items)
  for (const [id, items] of Object.entries(given.next)) shop.related('next', id, items)
  shop.segment('popular', 'all', given.popular)
  shop.segment('trending', 'category:books', given.trending)
  shop.cold(
    'u:1',
    given.cold.map(one => known(one.itemId, one)),
    { bought: given.bought },
  )
  shop.hot('u:1', recentOf(given), { positives: given.positives })
  return { list: shop.build('u:1'), shop }
}

const recentOf = (given: World): RecentItem[] => given.recent.map((one, i) => ({ ...one, atMs: NOW_MS + i }))

test('no list holds what was liked, turned down or bought, what is not available, or an item twice', () => {
  fc.assert(
    fc.property(world, given => {
      const held = idsOf(build(given).list)
      assert.equal(new Set(held).size, held.length)
      assert.ok(held.length <= given.stored)
      const refused = new Set([
        ...given.cold.filter(one => one.strength > 0 || one.negative).map(one => one.itemId),
        ...given.bought,
        ...given.recent.filter(one => one.type !== 'impression' && one.type !== 'unheard-of').map(one => one.itemId),
      ])
      for (const id of held) {
        assert.ok(!refused.has(id), `${id} was already known`)
        assert.ok(given.catalogue[ids.indexOf(id)]?.available, `${id} is not available`)
      }
    }),
    { numRuns: 300 },
  )
})

test('scores lie in 0 to 1 and fall behind the public top; every item names its sources, its main one and known reasons', () => {
  fc.assert(
    fc.property(world, given => {
      const { list } = build(given)
      const items = itemsOf(list)
      items.forEach((item, place) => {
        assert.ok(item.score > 0 && item.score <= 1, `score ${item.score}`)
        if (place > 20) assert.ok(item.score <= (items[place - 1]?.score ?? 0))
        assert.equal((item.sources >> item.source) & 1, 1)
        assert.ok((given.enabled as string[]).includes(sourceName(item.source)))
        assert.ok(item.because.length <= 3)
        for (const reason of item.because) assert.ok(ids.includes(reason))
      })
      assert.equal(new Set(list.because).size, list.because.length)
    }),
  )
})

test('the same records and clock give the same list', () => {
  fc.assert(fc.property(world, given => assert.deepEqual(build(given).list, build(given).list)))
})

test('hot and cold records in whatever order they interleave block the same items once both are known', () => {
  const sorted = (shop: ListFixture): string[] => idsOf(shop.build('u:1')).sort()
  const withSources = { sources: ['popular'], stored: 60, candidates: 60 }
  fc.assert(
    fc.property(world, given => {
      const lists = [true, false].map(isColdFirst => {
        const shop = new ListFixture(withSources)
        for (const id of ids) shop.item(id)
        shop.segment('popular', 'all', ids)
        const cold: ProfileItem[] = given.cold.map(one => known(one.itemId, one))
        const apply = [
          () => shop.cold('u:1', cold, { bought: given.bought, offset: 10 }),
          () => shop.hot('u:1', recentOf(given), { offset: 11 }),
        ]
        for (const step of isColdFirst ? apply : apply.reverse()) step()
        return sorted(shop)
      })
      assert.deepEqual(lists[0], lists[1])
    }),
  )
})
