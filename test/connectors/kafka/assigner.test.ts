import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copartitioned, type Member, single } from '../../../connectors/kafka/assigner.ts'

const cases: {
  name: string
  deal: typeof copartitioned
  held: Record<string, number[]>
  partitions: number
  dealt: Record<string, number[]>
}[] = [
  { name: 'one member has all', deal: copartitioned, held: { a: [] }, partitions: 3, dealt: { a: [0, 1, 2] } },
  {
    name: 'a fresh group is dealt out by id',
    deal: copartitioned,
    held: { b: [], a: [] },
    partitions: 3,
    dealt: { a: [0, 1], b: [2] },
  },
  {
    name: 'a new member takes what is over its share',
    deal: copartitioned,
    held: { a: [0, 1, 2, 3], b: [] },
    partitions: 4,
    dealt: { a: [0, 1], b: [2, 3] },
  },
  {
    name: 'who stays keeps what it has when another leaves',
    deal: copartitioned,
    held: { b: [3, 2], c: [5, 4] },
    partitions: 6,
    dealt: { b: [0, 2, 3], c: [1, 4, 5] },
  },
  {
    name: 'the odd partition stays with its holder',
    deal: copartitioned,
    held: { a: [0], b: [1, 2] },
    partitions: 3,
    dealt: { a: [0], b: [1, 2] },
  },
  {
    name: 'two claims on one partition go to the lower id',
    deal: copartitioned,
    held: { b: [0], a: [0] },
    partitions: 2,
    dealt: { a: [0], b: [1] },
  },
  {
    name: 'more members than partitions leave some idle',
    deal: copartitioned,
    held: { a: [], b: [], c: [0] },
    partitions: 1,
    dealt: { a: [], b: [], c: [0] },
  },
  {
    name: 'a partition that is no longer there is forgotten',
    deal: copartitioned,
    held: { a: [7] },
    partitions: 1,
    dealt: { a: [0] },
  },
  {
    name: 'single: the lowest id has all',
    deal: single,
    held: { b: [], a: [] },
    partitions: 2,
    dealt: { a: [0, 1], b: [] },
  },
  {
    name: 'single: the holder keeps all',
    deal: single,
    held: { b: [0, 1], a: [] },
    partitions: 2,
    dealt: { a: [], b: [0, 1] },
  },
]
for (const { name, deal, held, partitions, dealt } of cases) {
  test(`assigner: ${name}`, () => {
    const members = Object.entries(held).map(([id, has]) => ({ id, held: has }))
    assert.deepEqual(Object.fromEntries(deal(members, partitions)), dealt)
  })
}

const members: fc.Arbitrary<Member[]> = fc
  .array(fc.record({ held: fc.uniqueArray(fc.nat(20)) }), { minLength: 1, maxLength: 6 })
  .map(list => list.map((member, index) => ({ ...member, id: `m${index}` })))

test('assigner: every partition has one owner, shares differ by one at most, whatever the members say', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 16 }), (group, partitions) => {
      const shares = [...copartitioned(group, partitions).values()]
      assert.deepEqual(
        shares.flat().toSorted((a, b) => a - b),
        Array.from({ length: partitions }, (_, index) => index),
      )
      const sizes = shares.map(share => share.length)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
    }),
  )
})

test('assigner: dealing again on what was dealt changes nothing', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 16 }), (group, partitions) => {
      const first = copartitioned(group, partitions)
      const again = copartitioned(
        group.map(({ id }) => ({ id, held: first.get(id) ?? [] })),
        partitions,
      )
      assert.deepEqual([...again].toSorted(), [...first].toSorted())
    }),
  )
})
