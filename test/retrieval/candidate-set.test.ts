import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CandidateSet, MAX_BECAUSE } from '../../retrieval/candidate-set.ts'
import { ItemSet } from '../../retrieval/item-set.ts'

function openSet(isServable = (_item: number) => true): { set: CandidateSet; blocked: ItemSet } {
  const blocked = new ItemSet()
  blocked.clear()
  return { set: new CandidateSet({ blocked, isServable }), blocked }
}

const reasons: readonly {
  name: string
  parts: readonly (readonly [because: number, part: number])[]
  because: number[]
}[] = [
  { name: 'none', parts: [[-1, 1]], because: [] },
  { name: 'one', parts: [[7, 1]], because: [7] },
  {
    name: 'greatest part first',
    parts: [
      [7, 1],
      [8, 3],
      [9, 2],
    ],
    because: [8, 9, 7],
  },
  {
    name: 'parts of one item add up',
    parts: [
      [7, 1],
      [8, 3],
      [7, 2.5],
    ],
    because: [7, 8],
  },
  {
    name: 'a fourth with the least part stays out',
    parts: [
      [1, 4],
      [2, 3],
      [3, 2],
      [4, 1],
    ],
    because: [1, 2, 3],
  },
  {
    name: 'a fourth with a greater part drives the third out',
    parts: [
      [1, 4],
      [2, 3],
      [3, 2],
      [4, 3.5],
    ],
    because: [1, 4, 2],
  },
]
for (const { name, parts, because } of reasons) {
  test(`reasons: ${name}`, () => {
    const { set } = openSet()
    let slot = -1
    for (const [from, part] of parts) slot = set.add(5, part, from)
    const kept = [...set.because.subarray(slot * MAX_BECAUSE, (slot + 1) * MAX_BECAUSE)].filter(item => item >= 0)
    assert.deepEqual(kept, because)
  })
}

test('scores are sums by item, and what may not be shown never enters, over any number of rounds', () => {
  const add = fc.record({
    item: fc.nat(3_000),
    score: fc.integer({ min: 1, max: 9 }),
    because: fc.integer({ min: -1, max: 40 }),
  })
  fc.assert(
    fc.property(fc.array(fc.array(add, { maxLength: 60 }), { maxLength: 4 }), rounds => {
      const { set, blocked } = openSet(item => item % 5 !== 0)
      blocked.add(7)
      for (const adds of rounds) {
        const sums = new Map<number, number>()
        set.clear()
        for (const { item, score, because } of adds) {
          const slot = set.add(item, score, because)
          assert.equal(slot === -1, item % 5 === 0 || item === 7)
          if (slot >= 0) sums.set(item, (sums.get(item) ?? 0) + score)
        }
        const got = new Map(Array.from({ length: set.count }, (_, slot) => [set.items[slot], set.scores[slot]]))
        assert.deepEqual(got, sums)
      }
    }),
  )
})

test('more candidates than the first capacity are all kept', () => {
  const { set } = openSet()
  for (let item = 0; item < 5_000; item++) set.add(item * 3, item + 1, item)
  assert.equal(set.count, 5_000)
  assert.deepEqual([set.slotOf(14_997), set.slotOf(1), set.because[4_999 * MAX_BECAUSE]], [4_999, -1, 4_999])
})

test('lowering touches only what is there', () => {
  const { set } = openSet()
  const slot = set.add(1, 2, -1)
  set.lower(1, 0.5)
  set.lower(2, 0.5)
  assert.deepEqual([set.count, set.scores[slot]], [1, 1.5])
})
