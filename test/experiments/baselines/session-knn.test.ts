import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SessionKnn } from '../../../experiments/baselines/session-knn.ts'
import { sknn } from '../../../experiments/baselines/sknn.ts'
import { stan } from '../../../experiments/baselines/stan.ts'
import { vmisKnn } from '../../../experiments/baselines/vmis-knn.ts'
import { vsknn } from '../../../experiments/baselines/vsknn.ts'
import { vstan } from '../../../experiments/baselines/vstan.ts'
import { ask, event, learnAll } from './log.ts'

interface Golden {
  readonly events: readonly (readonly [session: number, item: number, atSeconds: number])[]
  readonly queries: readonly (readonly [recent: readonly number[], atSeconds: number])[]
  readonly methods: Readonly<Record<string, { options: Record<string, number>; lists: readonly (readonly number[])[] }>>
}

const goldenFile = new URL('../../golden/session-knn.json', import.meta.url)
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden
const family: Readonly<Record<string, (options: Record<string, number>) => SessionKnn>> = {
  sknn,
  vsknn,
  'vmis-knn': vmisKnn,
  stan,
  vstan,
}

for (const [name, create] of Object.entries(family)) {
  test(`${name} gives the lists of a second implementation`, () => {
    const wanted = golden.methods[name]
    assert.ok(wanted)
    const method = create(wanted.options)
    for (const [session, item, atSeconds] of golden.events) method.learn(event(session, item, atSeconds * 1_000))
    golden.queries.forEach(([recent, atSeconds], at) => {
      const got = method.recommend(ask(recent, recent.slice(-1), atSeconds * 1_000), 20)
      assert.deepEqual(got, wanted.lists[at], `query ${at}: ${recent}`)
    })
  })

  test(`${name} returns at most k, none twice, none excluded, and nothing for items it never saw`, () => {
    const method = create({})
    learnAll(
      method,
      [...Array(12)].map((_, at) => [at % 3, at % 5] as const),
    )
    const list = method.recommend(ask([1, 2], [2, 3]), 2)
    assert.equal(list.length, 2)
    assert.equal(new Set(list).size, 2)
    assert.ok(list.every(item => ![2, 3].includes(item)))
    assert.deepEqual(method.recommend(ask([77]), 5), [])
    assert.deepEqual(method.recommend(ask([]), 5), [])
  })
}

test('two shared items beat one: session {1,2,3} is more similar to 1, 2 than {1,4}', () => {
  const method = sknn()
  learnAll(method, [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 4],
  ]) // cosines 2/√6 = .816 and 1/√4 = .5
  assert.deepEqual(method.recommend(ask([1, 2], [1, 2]), 5), [3, 4])
})

test('only the newest sessions of the sample are compared, however similar older ones are', () => {
  const log = [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 4],
  ] as const
  const method = sknn({ sample: 1 })
  learnAll(method, log)
  assert.deepEqual(method.recommend(ask([1, 2], [1, 2]), 5), [4])
})

test('an older session that is clicked again counts as new', () => {
  const method = sknn({ sample: 1 })
  learnAll(method, [
    [0, 1],
    [1, 1],
    [1, 4],
    [0, 3],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [3])
})

test('a session is not its own neighbour', () => {
  const method = sknn()
  learnAll(method, [
    [0, 1],
    [0, 2],
    [1_000, 1],
    [1_000, 9],
  ])
  assert.deepEqual(method.recommend(ask([1, 9], [1]), 5), [2])
})

test('the ring forgets the session that began first', () => {
  const method = sknn({ maxSessions: 2 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 3],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [2, 3])
  learnAll(method, [
    [2, 1],
    [2, 4],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [3, 4])
})

test('a session one item past the limit is left out, as are its later clicks', () => {
  const method = sknn({ maxSessionItems: 2 })
  learnAll(method, [
    [0, 1],
    [0, 2],
    [1, 1],
    [1, 3],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [2, 3])
  learnAll(method, [
    [0, 4],
    [0, 5],
  ])
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [3])
})

test('interactions against an item are not learned', () => {
  const method = sknn()
  method.learn(event(0, 1, 0))
  method.learn(event(0, 2, 1, -1))
  assert.deepEqual(method.recommend(ask([1], [1]), 5), [])
})
