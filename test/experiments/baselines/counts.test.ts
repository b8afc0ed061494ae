import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { associationRules } from '../../../experiments/baselines/association-rules.ts'
import { DecayedPopularity } from '../../../experiments/baselines/decayed-popularity.ts'
import { ItemKnn } from '../../../experiments/baselines/item-knn.ts'
import { Popularity } from '../../../experiments/baselines/popularity.ts'
import { RandomItems } from '../../../experiments/baselines/random.ts'
import { Ranking } from '../../../experiments/baselines/ranking.ts'
import { sequentialRules } from '../../../experiments/baselines/sequential-rules.ts'
import { SparseRow } from '../../../experiments/baselines/sparse-row.ts'
import { ask, askFor, event, learnAll } from './log.ts'

const DAY_MS = 86_400_000

test('random gives every item once before it ends, the same order for the same seed', () => {
  const lists = [1, 1, 2].map(seed => {
    const method = new RandomItems({ seed })
    for (const item of [5, 3, 9, 3, 8, 1, 0, 2]) method.learn(event(0, item, 0))
    return method.recommend(ask([], [9]), 20)
  })
  assert.deepEqual(
    lists[0]?.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 5, 8],
  )
  assert.deepEqual(lists[0], lists[1])
  assert.notDeepEqual(lists[0], lists[2])
})

test('each of four items comes first about as often as the others', () => {
  const method = new RandomItems()
  for (let item = 0; item < 4; item++) method.learn(event(0, item, 0))
  const firsts = [0, 0, 0, 0]
  for (let at = 0; at < 4_000; at++) {
    const [first = 0] = method.recommend(ask([]), 1)
    firsts[first] = (firsts[first] ?? 0) + 1
  }
  assert.ok(
    firsts.every(count => Math.abs(count - 1_000) < 110),
    `${firsts}`,
  ) // 4 standard deviations
})

test('popularity counts interactions for an item, ties to the lower number', () => {
  const method = new Popularity()
  for (const item of [4, 2, 4, 7, 2, 4, 1]) method.learn(event(0, item, 0))
  for (let at = 0; at < 9; at++) method.learn(event(0, 1, 0, -1))
  assert.deepEqual(method.recommend(ask([]), 9), [4, 2, 1, 7])
  assert.deepEqual(method.recommend(ask([], [4]), 1), [2])
})

const decays = [
  {
    name: 'three interactions two half-lives ago are less than one now',
    ages: [2, 2, 2, 0],
    items: [1, 1, 1, 2],
    list: [2, 1],
  },
  { name: 'five of them are more', ages: [2, 2, 2, 2, 2, 0], items: [1, 1, 1, 1, 1, 2], list: [1, 2] },
  {
    name: 'thousands of half-lives after the first interaction nothing overflows',
    ages: [3_000, 1, 1, 1, 0],
    items: [5, 2, 2, 2, 1],
    list: [2, 1, 5],
  },
]
for (const { name, ages, items, list } of decays) {
  test(`decayed popularity: ${name}`, () => {
    const method = new DecayedPopularity({ halfLifeDays: 3 })
    ages.forEach((age, at) => {
      method.learn(event(0, items[at] ?? -1, 10_000 * DAY_MS - age * 3 * DAY_MS))
    })
    assert.deepEqual(method.recommend(ask([]), 5), list)
  })
}

test('AR counts pairs of a session both ways, each time they occur', () => {
  const method = associationRules()
  learnAll(method, [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 3],
    [1, 1],
  ])
  assert.deepEqual(method.recommend(ask([9, 1], []), 5), [3, 2]) // 1–3 twice, 1–2 once
  assert.deepEqual(method.recommend(ask([3], []), 5), [1, 2])
})

test('AR and SR look at the last item alone', () => {
  for (const method of [associationRules(), sequentialRules()]) {
    learnAll(method, [
      [0, 1],
      [0, 2],
      [1, 3],
      [1, 4],
    ])
    assert.deepEqual(method.recommend(ask([1, 3], []), 5), [4])
    assert.deepEqual(method.recommend(ask([1, 9], []), 5), [])
  }
})

test('SR goes forward only, the nearer the more: 1/2 + 1/2 does not beat 1, 1/2 + 1/2 + 1/3 does', () => {
  const method = sequentialRules()
  learnAll(method, [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 5],
    [1, 3],
  ])
  assert.deepEqual(method.recommend(ask([1]), 3), [2, 3, 5]) // 2: 1, 3: 1/2 + 1/2, 5: 1; ties to the lower number
  learnAll(method, [
    [2, 1],
    [2, 6],
    [2, 7],
    [2, 3],
  ])
  assert.equal(method.recommend(ask([1]), 1)[0], 3)
  assert.deepEqual(method.recommend(ask([3]), 3), [])
})

test('SR pairs a click with the one `window` steps before it and not with the one before that', () => {
  const method = sequentialRules({ window: 2 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [0, 3],
    [0, 4],
  ])
  assert.deepEqual(method.recommend(ask([1]), 5), [2, 3])
})

test('item-kNN: a pair of two users each beats a pair of one user of many; shrinkage turns it round', () => {
  // 1 and 2 share their only user; 1 and 3 share two of three and four users.
  const log = [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 3],
    [2, 1],
    [3, 3],
    [4, 3],
  ] as const
  const plain = new ItemKnn({ shrinkage: 0 })
  const shrunk = new ItemKnn({ shrinkage: 10 })
  for (const method of [plain, shrunk]) learnAll(method, log)
  assert.deepEqual(plain.recommend(ask([1], [1]), 5), [2, 3]) // 1/√3 = .577 and 2/√12 = .577: a tie, to the lower number
  assert.deepEqual(shrunk.recommend(ask([1], [1]), 5), [3, 2]) // 1/11.7 = .085 and 2/13.5 = .149
})

test('item-kNN: only the nearest neighbours of an item count', () => {
  const method = new ItemKnn({ shrinkage: 0, neighbours: 1 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 3],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [2])
})

test('item-kNN counts an item of a user once', () => {
  const method = new ItemKnn({ shrinkage: 0 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [0, 2],
    [0, 2],
    [1, 1],
    [1, 3],
    [2, 1],
    [2, 3],
  ])
  assert.deepEqual(method.recommend(askFor(0, [1, 2]), 5), [3])
  assert.equal(method.recommend(ask([1], [1]), 1)[0], 3)
})

test('an item seen twice in an unlearned session counts once', () => {
  const method = new ItemKnn({ shrinkage: 0 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [1, 3],
    [1, 5],
    [2, 3],
    [2, 6],
  ]) // 2 by 1: 1; 5 by 3: 1/√2
  assert.equal(method.recommend(ask([3, 1, 3], [1, 3]), 1)[0], 2)
})

test('a sparse row holds the sums that a map holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), fc.integer({ min: -3, max: 3 }))), adds => {
      const row = new SparseRow()
      const sums = new Map<number, number>()
      for (const [column, by] of adds) {
        row.add(column, by)
        sums.set(column, (sums.get(column) ?? 0) + by)
      }
      for (let column = 0; column <= 60; column++) assert.equal(row.get(column), sums.get(column) ?? 0)
      const columns = [...row.keys].filter(key => key !== 0).map(key => key - 1)
      assert.deepEqual(
        columns.toSorted((a, b) => a - b),
        [...sums.keys()].toSorted((a, b) => a - b),
      )
    }),
  )
})

test('a ranking is the head of a sort, ties by id', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.nat(500), fc.integer({ min: -5, max: 5 })), { selector: ([id]) => id }),
      fc.nat(20),
      (offers, k) => {
        const ranking = new Ranking()
        ranking.begin(k)
        for (const [id, score] of offers) if (ranking.wants(id, score)) ranking.offer(id, score)
        ranking.finish()
        const wanted = offers.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, k)
        assert.deepEqual(
          ranking.best(),
          wanted.map(([id]) => id),
        )
      },
    ),
  )
})
