import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { copartitioned, longestHeldFirst, type Member, single } from '../../../connectors/kafka/assigner.ts'

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
    name: 'what was given last is given away first, whatever its number',
    deal: copartitioned,
    held: { a: [2, 3, 0], b: [4, 5, 1], c: [] },
    partitions: 6,
    dealt: { a: [2, 3], b: [4, 5], c: [0, 1] },
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

test('assigner: a rolling restart moves every partition twice, there and back, where shares are equal', () => {
  // A member that comes back has a new id and holds nothing. With unequal shares somebody has to give away one of their own now and then.
  const restarted = fc.array(fc.string({ minLength: 8, maxLength: 8 }), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 }), restarted, (count, each, names) => {
      const partitions = count * each
      const moves = Array.from({ length: partitions }, () => 0)
      let group = names.slice(0, count).map((name, index) => workerOf(`${name}${index}`))
      const rebalance = () => {
        const shares = copartitioned(
          group.map(({ id, held }) => ({ id, held: held() })),
          partitions,
        )
        for (const worker of group) {
          const share = shares.get(worker.id) ?? []
          for (const partition of share)
            if (!worker.now.includes(partition)) moves[partition] = (moves[partition] ?? 0) + 1
          worker.now = share
        }
      }
      rebalance()
      moves.fill(0)
      for (const [index, worker] of [...group].entries()) {
        group = group.filter(one => one !== worker)
        rebalance()
        group = [...group, workerOf(`${names[count + index]}${count + index}`)]
        rebalance()
      }
      assert.deepEqual(
        moves,
        moves.map(() => 2),
      )
    }),
  )
})

test('assigner: a member that joins takes from the others, and nobody else gains anything', () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 16 }), fc.string({ minLength: 1 }), (group, partitions, id) => {
      const before = copartitioned(group, partitions)
      const held = group.map(one => ({ id: one.id, held: before.get(one.id) ?? [] }))
      const after = copartitioned([...held, { id: `new ${id}`, held: [] }], partitions)
      for (const one of held) assert.ok(after.get(one.id)?.every(partition => one.held.includes(partition)))
    }),
  )
})

/** As a consumer is: what it has now, sorted, and what it says of it. */
function workerOf(id: string): { id: string; now: number[]; held: () => readonly number[] } {
  const worker = { id, now: [] as number[], held: longestHeldFirst((): number[] => worker.now) }
  return worker
}

test('what is held is told in the order in which it came, and anew after it was away', () => {
  let now = [3, 1]
  const held = longestHeldFirst(() => now)
  assert.deepEqual(held(), [3, 1])
  now = [0, 1, 3]
  assert.deepEqual(held(), [3, 1, 0])
  now = [0, 1]
  assert.deepEqual(held(), [1, 0])
  now = [0, 1, 3]
  assert.deepEqual(held(), [1, 0, 3])
})
