import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ease } from '../../../experiments/baselines/ease.ts'
import { Ials } from '../../../experiments/baselines/ials.ts'
import { Isgd } from '../../../experiments/baselines/isgd.ts'
import { ItemKnn } from '../../../experiments/baselines/item-knn.ts'
import type { Recommender } from '../../../experiments/recommender.ts'
import { ask, askFor, event } from './log.ts'

interface Golden {
  readonly events: readonly (readonly [user: number, item: number])[]
  readonly users: readonly number[]
  readonly cases: readonly {
    readonly method: string
    readonly origin: string
    readonly options: Record<string, number>
    readonly lists: readonly (readonly number[])[]
  }[]
}

const goldenFile = new URL('../../golden/factor-models.json', import.meta.url)
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden
const methods: Readonly<Record<string, (options: Record<string, number>) => Recommender>> = {
  ials: options => new Ials(options),
  ease: options => new Ease(options),
  'item-knn': options => new ItemKnn(options),
  isgd: options => new Isgd(options),
}

for (const { method: name, origin, options, lists } of golden.cases) {
  test(`${name} gives the lists of ${origin}`, () => {
    const method = methods[name]?.(options)
    assert.ok(method)
    golden.events.forEach(([user, item], at) => {
      method.learn(event(user, item, at))
    })
    method.fit?.()
    golden.users.forEach((user, at) => {
      const known = golden.events.filter(([who]) => who === user).map(([, item]) => item)
      assert.deepEqual(method.recommend(askFor(user, known), 10), lists[at], `user ${user}`)
    })
  })
}

/** Users 0 … 3 have items 0 and 1, users 4 … 7 have 2 and 3. */
function learnTwoTastes(method: Recommender): void {
  for (let user = 0; user < 8; user++) {
    const first = user < 4 ? 0 : 2
    method.learn(event(user, first, user))
    method.learn(event(user, first + 1, user))
  }
}

for (const [name, create] of Object.entries(methods).filter(([name]) => name !== 'isgd')) {
  test(`${name}: what a visitor without a user looked at in the session counts, learned or not`, () => {
    const method = create({ shrinkage: 0, factors: 2, regularization: 0.1 })
    learnTwoTastes(method)
    method.fit?.()
    assert.equal(method.recommend(ask([0], [0]), 1)[0], 1)
    assert.equal(method.recommend(ask([3], [3]), 1)[0], 2)
    method.learn({ user: -1, session: 1_000, item: 2, atMs: 9, weight: 1 })
    assert.equal(method.recommend(ask([], [2]), 1)[0], 3)
  })
}

test('what a user does after the fit counts at once', () => {
  const method = new Ials({ factors: 2, regularization: 0.1 })
  learnTwoTastes(method)
  method.fit()
  assert.deepEqual(method.recommend(askFor(9), 1), [])
  method.learn(event(9, 2, 0))
  assert.equal(method.recommend(askFor(9, [2]), 1)[0], 3)
})

test('a second fit takes in items that came after the first', () => {
  const method = new Ials({ factors: 3, regularization: 0.1 })
  learnTwoTastes(method)
  method.fit()
  for (const user of [4, 5, 6]) method.learn(event(user, 4, user))
  assert.ok(!method.recommend(askFor(7), 9).includes(4))
  method.fit()
  assert.equal(method.recommend(askFor(7, [2, 3]), 1)[0], 4)
})

test('EASE keeps the items of most users', () => {
  const method = new Ease({ maxItems: 2, regularization: 1 })
  learnTwoTastes(method)
  method.learn(event(9, 2, 0))
  method.fit()
  assert.deepEqual(method.recommend(askFor(9), 9), [0, 2])
  assert.throws(() => new Ease({ maxItems: 5_001 }), /wanted at most 5000, got 5001/)
})

test('EASE is fitted again once the log has grown by the share it waits for, and not before', () => {
  const method = new Ease({ regularization: 1, refitGrowth: 0.25 })
  learnTwoTastes(method) // 16 interactions
  method.fit()
  for (const user of [4, 5, 6]) method.learn(event(user, 4, user))
  method.fit()
  assert.ok(!method.recommend(askFor(7), 9).includes(4))
  method.learn(event(7, 4, 7))
  method.fit()
  assert.ok(method.recommend(askFor(7), 9).includes(4))
})

test('ISGD gives the same lists for the same seed, others for another, and none to a user it never met', () => {
  const lists = [1, 1, 2].map(seed => {
    const method = new Isgd({ factors: 4, seed })
    for (let at = 0; at < 60; at++) method.learn(event(at % 7, (at * at) % 11, at))
    return method.recommend(askFor(3), 11)
  })
  assert.deepEqual(lists[0], lists[1])
  assert.notDeepEqual(lists[0], lists[2])
  assert.deepEqual(new Isgd().recommend(askFor(3), 5), [])
})
