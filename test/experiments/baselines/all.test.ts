import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { baselines } from '../../../experiments/baselines/all.ts'
import type { Query, Recommender } from '../../../experiments/recommender.ts'

const names = Object.keys(baselines)

test('all methods are there', () => {
  assert.deepEqual(names, [
    'random',
    'popularity',
    'decayed-popularity',
    'ar',
    'sr',
    'item-knn',
    'sknn',
    'vsknn',
    'vmis-knn',
    'stan',
    'vstan',
    'isgd',
    'ials',
    'ease',
  ])
})

/** Events and queries in turn: [user, item, k], a query where k > 0. User 4 is unknown. */
const logs = fc.array(fc.tuple(fc.nat(4), fc.nat(12), fc.nat(6)), { maxLength: 60 })

function play(method: Recommender, log: readonly (readonly [number, number, number])[]): number[][] {
  const lists: number[][] = []
  log.forEach(([who, item, k], at) => {
    if (at === 30) method.fit?.()
    const user = who === 4 ? -1 : who
    const recent = log
      .slice(0, at)
      .filter(([other]) => other === who)
      .map(([, clicked]) => clicked)
    const query: Query = { user, session: who, atMs: at * 1_000, recent, isExcluded: other => other === recent.at(-1) }
    const list = method.recommend(query, k)
    assert.ok(list.length <= k && list.length === new Set(list).size, `${list}`)
    assert.ok(!list.some(query.isExcluded), `${list} holds an excluded item`)
    lists.push(list)
    method.learn({
      user,
      session: who,
      item: at % 11 === 10 ? -1 : item,
      atMs: at * 1_000,
      weight: at % 7 === 6 ? -1 : 1,
    })
  })
  return lists
}

for (const [name, { create, defaults, space }] of Object.entries(baselines)) {
  test(`${name}: lists of any log are at most k long, without repetition and what is excluded, and come again`, () => {
    fc.assert(
      fc.property(logs, log => {
        assert.deepEqual(play(create(), log), play(create(defaults), log))
      }),
      { numRuns: 30 },
    )
  })

  test(`${name}: the space of a search names parameters that exist, with values that are taken`, () => {
    for (const [key, values] of Object.entries(space)) {
      assert.ok(key in defaults, key)
      assert.doesNotThrow(() => create({ [key]: values.at(-1) ?? Number.NaN }))
    }
    assert.equal(create().name, name)
  })
}

test('a parameter that does not exist or is no number is refused by name', () => {
  assert.throws(() => baselines.sr?.create({ windw: 3 }), /sr: windw: no such parameter, wanted one of window/)
  assert.throws(() => baselines.sr?.create({ window: Number.NaN }), /sr: window: wanted a finite number, got NaN/)
})
