import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admit } from '../../processors/admit.ts'
import { defaultFolds } from '../../processors/options.ts'
import { profile } from '../../processors/profile.ts'
import { sessionFeatures } from '../../processors/session-features.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Profile, ProfileCold } from '../../schemas/profile.ts'
import { sentAll, START_MS } from './arrivals.ts'
import { Drive } from './drive.ts'

const MINUTE_MS = 60_000
const stage = profile(defaultFolds)
const drive = () => new Drive([admit(defaultFolds), sessionFeatures(defaultFolds), stage])
/** @param minute - event time after START_MS; by it bots and repeats are kept apart */
const at = (minute: number, itemId: string, type = 'view', fields: Partial<Interaction> = {}) => ({
  occurredAt: START_MS + minute * MINUTE_MS,
  itemId,
  type,
  ...fields,
})

function coldOf(events: Partial<Interaction>[]): ProfileCold {
  const run = drive()
  run.sendAll(sentAll(events))
  const origin = { partition: 3, offset: 9, appendedAtMs: 7 }
  const [record] = stage.tables?.[0]?.records('u:u', run.stateOf('profile', 'u:u'), origin) ?? []
  assert.equal(record?.key, 'cold/u:u')
  return (record as { value: Profile }).value.cold as ProfileCold
}

const one = (events: Partial<Interaction>[]) =>
  coldOf(events).items.map(({ strength, lastMs, count, negative }) => [
    strength,
    (lastMs - START_MS) / MINUTE_MS,
    count,
    negative,
  ])
const items: { name: string; events: Partial<Interaction>[]; item: unknown[] }[] = [
  { name: 'a view is 2 half-units', events: [at(0, 'a')], item: [2, 0, 1, false] },
  { name: 'the greatest weight stays', events: [at(0, 'a', 'purchase'), at(1, 'a')], item: [6, 1, 2, false] },
  {
    name: 'a dislike marks the item and is not counted',
    events: [at(0, 'a', 'like'), at(1, 'a', 'dislike')],
    item: [4, 1, 1, true],
  },
  {
    name: 'a like after it clears the mark',
    events: [at(0, 'a', 'dislike'), at(1, 'a', 'like')],
    item: [4, 1, 1, false],
  },
  { name: 'a late like does not', events: [at(1, 'a', 'dislike'), at(0, 'a', 'like')], item: [4, 1, 1, true] },
  {
    name: 'at the same time the later arrival decides',
    events: [at(0, 'a', 'dislike'), at(0, 'a', 'like')],
    item: [4, 0, 1, false],
  },
  {
    name: 'only disliked is the greatest negative weight',
    events: [at(0, 'a', 'dislike'), at(1, 'a', 'skip')],
    item: [-1, 1, 0, true],
  },
]
for (const { name, events, item } of items) test(`profile: ${name}`, () => assert.deepEqual(one(events), [item]))

const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => at(from + i, `i${from + i}`))
const idsOf = (cold: ProfileCold) => cold.items.map(one => one.itemId)

test('profile: 200 items stay, the 201st takes the place of the one touched longest ago', () => {
  assert.equal(idsOf(coldOf(many(200))).length, 200)
  const touchedAgain = [...many(200), at(300, 'i0'), at(301, 'new')]
  const ids = idsOf(coldOf(touchedAgain))
  assert.equal(ids.length, 200)
  assert.deepEqual([ids[0], ...ids.slice(-2), ids.includes('i1')], ['i2', 'i0', 'new', false])
})

test('profile: of two touched at the same time the smaller id goes; one older than all does not enter', () => {
  const tied = [at(0, 'b'), at(0, 'a'), ...many(198, 1), at(300, 'new')]
  assert.equal(idsOf(coldOf(tied)).includes('a'), false)
  assert.equal(idsOf(coldOf(tied)).includes('b'), true)
  const old = [...many(200), at(-1, 'old')]
  assert.equal(idsOf(coldOf(old)).includes('old'), false)
  assert.equal(idsOf(coldOf([...many(200), at(0, 'equal')])).includes('equal'), true)
})

test('profile: one touch rewrites one page of items', () => {
  const run = drive()
  run.sendAll(sentAll(many(100)))
  const before = run.stateOf<{ items: unknown[] }>('profile', 'u:u').items
  run.send(sentAll([...many(100), at(200, 'i50')]).at(-1) as never)
  const after = run.stateOf<{ items: unknown[] }>('profile', 'u:u').items
  assert.deepEqual(
    after.map((page, i) => page === before[i]),
    [true, true, true, false, true, true, true],
  )
})

test('profile: the last 1,000 bought are kept, each in its first place', () => {
  const buy = (i: number) => at(i, `i${i}`, 'purchase')
  const first = Array.from({ length: 1000 }, (_, i) => buy(i))
  assert.deepEqual(
    coldOf([...first, at(2000, 'i0', 'purchase')]).bought,
    first.map(one => one.itemId),
  )
  const more = coldOf([...first, buy(1000), at(2000, 'i0', 'purchase')]).bought
  assert.deepEqual([more.length, more[0], ...more.slice(-2)], [1000, 'i2', 'i1000', 'i0'])
})

test('profile: the last 100 shown are kept; an impression is judged by what stood before it', () => {
  const show = (minute: number, ids: number[]) =>
    at(minute, 'x', 'impression', { items: ids.map(i => ({ itemId: `i${i}`, position: null })) })
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
  const hundred = [show(0, range(0, 50)), show(1, range(50, 100))]
  assert.deepEqual(
    coldOf([...hundred, show(2, [0])]).shown,
    range(0, 100).map(i => `i${i}`),
  )
  assert.deepEqual(
    coldOf([...hundred, show(2, [100, 0, 101])]).shown,
    range(2, 102).map(i => `i${i}`),
  )
})

test('profile: the hot half follows every interaction and no impression', () => {
  const run = drive()
  const events = [
    at(0, 'a', 'view', { country: 'AT', device: 'mobile', query: 'hat' }),
    at(1, 'b', 'add_to_cart'),
    at(2, 'c', 'dislike', { country: 'DE' }),
    at(3, 'x', 'impression'),
  ]
  const outcomes = run
    .sendAll(sentAll(events))
    .map(one => one.published.filter(record => record.topic.name === 'profiles.v1'))
  assert.deepEqual(
    outcomes.map(one => one.map(record => record.key)),
    [['hot/u:u'], ['hot/u:u'], ['hot/u:u'], []],
  )
  assert.deepEqual(outcomes[2]?.[0]?.value, {
    visitor: 'u:u',
    partition: 0,
    offset: 2,
    appendedAtMs: START_MS + 2 * MINUTE_MS,
    atMs: START_MS + 2 * MINUTE_MS,
    hot: {
      sessionStartedAtMs: START_MS,
      sessionEvents: 3,
      recent: [
        { itemId: 'a', type: 'view', atMs: START_MS },
        { itemId: 'b', type: 'add_to_cart', atMs: START_MS + MINUTE_MS },
        { itemId: 'c', type: 'dislike', atMs: START_MS + 2 * MINUTE_MS },
      ],
      cart: ['b'],
      positives: 2,
      country: 'DE',
      device: 'mobile',
      language: null,
      query: 'hat',
    },
    cold: null,
  })
})

test('profile: 21 interactions leave the last 20 in the hot half', () => {
  const events = Array.from({ length: 21 }, (_, i) => at(i / 10, `i${i}`))
  const value = drive()
    .sendAll(sentAll(events))
    .at(-1)
    ?.published.find(one => one.key === 'hot/u:u')?.value as Profile
  assert.deepEqual(
    value.hot?.recent.map(one => one.itemId),
    events.slice(1).map(one => one.itemId),
  )
})
