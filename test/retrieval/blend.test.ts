import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ask } from '../../retrieval/ask.ts'
import { Blend, blendWeights } from '../../retrieval/blend.ts'
import { MAX_BECAUSE } from '../../retrieval/candidate-set.ts'
import { ItemIndex } from '../../retrieval/item-index.ts'
import { ItemSet } from '../../retrieval/item-set.ts'
import { Nearest } from '../../retrieval/nearest.ts'
import { RelatedIndex } from '../../retrieval/related-index.ts'
import { type Rung, rungOf } from '../../retrieval/rung.ts'
import { sourceBit, sourceName, sources } from '../../retrieval/sources.ts'
import { TrendingIndex } from '../../retrieval/trending-index.ts'

const rungs: readonly (readonly [positives: number, rung: Rung])[] = [
  [0, 'cold'],
  [1, 'session'],
  [4, 'session'],
  [5, 'hybrid'],
  [19, 'hybrid'],
  [20, 'full'],
]
for (const [positives, rung] of rungs)
  test(`${positives} positive events: ${rung}`, () => assert.equal(rungOf(positives), rung))

for (const [rung, weights] of Object.entries(blendWeights)) {
  test(`the weights of ${rung} add up to 1 and name every source`, () => {
    assert.deepEqual(Object.keys(weights).sort(), sources.map(source => source.name).sort())
    assert.ok(Math.abs(Object.values(weights).reduce((a, b) => a + b, 0) - 1) < 1e-12)
  })
}

test('the numbers of the sources are a contract', () => {
  const names = [0, 1, 2, 3, 4, 5].map(sourceName)
  assert.deepEqual(names, ['co-occurrence', 'sequence', 'taste', 'content', 'trending', 'popular'])
  assert.deepEqual([sourceBit(0), sourceBit(5), sourceName(31)], [1, 32, 'unknown'])
})

function blendOf(names: readonly string[], limit: number, stored: number) {
  const items = new ItemIndex()
  const related = new RelatedIndex(items.ids)
  const trending = new TrendingIndex(items.ids, items.categoryIds)
  const blocked = new ItemSet()
  blocked.clear()
  const admission = { blocked, isServable: (item: number) => items.isServable(item) }
  const nearest = new Nearest(items.vectors, admission, limit)
  const blend = new Blend({ items, related, trending, nearest }, admission, { sources: names, limit, stored })
  const relate = (relation: string, id: string, list: Record<string, number>): void =>
    related.apply({
      key: `${relation}/${id}`,
      value: { items: Object.entries(list).map(([itemId, score]) => ({ itemId, score })) },
    })
  const popular = (list: readonly string[]): void =>
    trending.apply({ key: 'popular/all', value: { items: list.map(itemId => ({ itemId, score: 1 })) } })
  return { blend, relate, popular, items }
}

test('a candidate of two sources is one, with the sum of their calibrated scores and the reasons of both', () => {
  const { blend, relate, items } = blendOf(['co-occurrence', 'sequence'], 100, 10)
  relate('similar', 'a', { x: 0.1, y: 0.3 })
  relate('similar', 'b', { x: 0.2 })
  relate('next', 'c', { x: 0.1 })
  const ask = new Ask()
  const [a, b, c] = ['a', 'b', 'c'].map(id => items.ids.intern(id)) as [number, number, number]
  ask.anchors.set([a, b])
  ask.anchorWeights.set([1, 0.5])
  ask.anchorCount = 2
  ask.session.set([c])
  ask.sessionCount = 1
  blend.run(ask, 'session')
  // Weights 0.35 and 0.2 become 7/11 and 4/11. Co-occurrence gives x 0.1 + 0.5 · 0.2 = 0.2, calibrated 0.2 / 0.3 = 2/3, and
  // y 0.3, calibrated 0.75; sequence gives x 0.1, calibrated 0.1 / 0.2 = 1/2. So x is 7/11 · 2/3 + 4/11 · 1/2, y is 7/11 · 3/4.
  assert.deepEqual(
    [...blend.items.subarray(0, blend.count)].map(item => items.ids.idOf(item)),
    ['x', 'y'],
  )
  const [x, y] = blend.slots as unknown as [number, number]
  assert.ok(Math.abs((blend.found.scores[x] as number) - (7 / 11) * (2 / 3) - (4 / 11) * 0.5) < 1e-6)
  assert.ok(Math.abs((blend.found.scores[y] as number) - (7 / 11) * 0.75) < 1e-6)
  assert.deepEqual([blend.bits[x], blend.bits[y], blend.mainSource[x]], [0b11, 0b01, 0])
  const because = [...blend.found.because.subarray(x * MAX_BECAUSE, (x + 1) * MAX_BECAUSE)].map(item =>
    items.ids.idOf(item),
  )
  assert.equal(because.length, 3)
  assert.deepEqual(because.toSorted(), ['a', 'b', 'c'])
})

test('neighbours of what was turned down lose, and fall out where nothing is left', () => {
  const { blend, relate, items } = blendOf(['co-occurrence'], 100, 10)
  relate('similar', 'a', { x: 0.1, y: 0.4 })
  relate('similar', 'bad', { x: 0.3, y: 0.2 })
  const ask = new Ask()
  ask.anchors.set([items.ids.find('a')])
  ask.anchorWeights.set([1])
  ask.anchorCount = 1
  ask.aversions.set([items.ids.find('bad')])
  ask.aversionCount = 1
  blend.run(ask, 'full')
  assert.deepEqual(
    [...blend.items.subarray(0, blend.count)].map(item => items.ids.idOf(item)),
    ['y'],
  )
  // 0.4 − 0.5 · 0.2 = 0.3, calibrated 0.3 / 0.4, the one source having all the weight.
  assert.ok(Math.abs((blend.found.scores[blend.slots[0] as number] as number) - 0.75) < 1e-6)
})

test('a source whose candidates all score low keeps five places, and the list stays in order', () => {
  const { blend, relate, popular, items } = blendOf(['co-occurrence', 'popular'], 200, 30)
  relate('similar', 'a', Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`s${i}`, 0.9 - i / 100])))
  popular(Array.from({ length: 50 }, (_, i) => `p${i}`))
  const ask = new Ask()
  ask.anchors.set([items.ids.find('a')])
  ask.anchorWeights.set([1])
  ask.anchorCount = 1
  blend.run(ask, 'full')
  const ids = [...blend.items.subarray(0, blend.count)].map(item => items.ids.idOf(item))
  assert.deepEqual(ids, [...Array.from({ length: 25 }, (_, i) => `s${i}`), 'p0', 'p1', 'p2', 'p3', 'p4'])
})

test('no source brings more than its share of the candidates', () => {
  const { blend, popular } = blendOf(['popular', 'trending'], 10, 10)
  popular(Array.from({ length: 50 }, (_, i) => `p${i}`))
  blend.run(new Ask(), 'cold')
  assert.equal(blend.found.count, 5)
})
