import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRST_PAUSE_MS, ListRetries, MAX_WAITING } from '../../processors/list-retries.ts'
import { idsOf, ListFixture, NOW_MS, recent } from './list-fixture.ts'

const items = Array.from({ length: 12 }, (_, i) => `i${i}`)

/** Goes on as a view does that has nothing else to do. @returns when the visitor's list was built again, ms after `fromMs` */
function builtAgain(shop: ListFixture, visitor: string, fromMs: number, forMs: number): number[] {
  const times: number[] = []
  for (let nowMs = fromMs; nowMs <= fromMs + forMs; nowMs += 50) {
    const key = shop.instance.sweep?.(nowMs)
    if (key === undefined) continue
    assert.equal(key, visitor)
    shop.build(key, nowMs)
    times.push(nowMs - fromMs)
  }
  return times
}

test('a short list is built again after one second and then after twice the pause, while the pause is below the maximum age', () => {
  const shop = new ListFixture({ maxAgeMs: 8_000 })
  shop.hot('u:1', recent('a view'))
  assert.deepEqual(idsOf(shop.build('u:1')), [])
  assert.deepEqual(builtAgain(shop, 'u:1', NOW_MS, 14_000), [1_000, 3_000, 7_000])
  assert.equal(shop.counts.get('shortLists'), 4)
})

test('a list that has become long enough is not built again', () => {
  const shop = new ListFixture()
  shop.hot('u:1', recent('a view'))
  shop.build('u:1')
  assert.equal(shop.instance.sweep?.(NOW_MS + FIRST_PAUSE_MS - 1), undefined)
  shop.segment('popular', 'all', items)
  assert.equal(shop.instance.sweep?.(NOW_MS + FIRST_PAUSE_MS), 'u:1')
  assert.deepEqual(idsOf(shop.build('u:1', NOW_MS + FIRST_PAUSE_MS)), items)
  assert.deepEqual(builtAgain(shop, 'u:1', NOW_MS + FIRST_PAUSE_MS, 60_000), [])
})

test('ten items are long enough, nine are not; nor are fewer where a list holds no more', () => {
  for (const [count, stored, wanted] of [
    [9, 100, 1],
    [10, 100, 0],
    [3, 3, 0],
    [2, 3, 1],
  ] as const) {
    const shop = new ListFixture({ stored })
    shop.segment('popular', 'all', items.slice(0, count))
    shop.hot('u:1', recent('a view'))
    shop.build('u:1')
    assert.equal(builtAgain(shop, 'u:1', NOW_MS, 1_500).length, wanted, `${count} of ${stored}`)
  }
})

test('what the visitor does begins the pauses anew', () => {
  const shop = new ListFixture()
  shop.hot('u:1', recent('a view'))
  shop.build('u:1')
  assert.deepEqual(builtAgain(shop, 'u:1', NOW_MS, 4_000), [1_000, 3_000])
  assert.deepEqual(shop.hot('u:1', recent('a view, b view')), ['u:1'])
  shop.build('u:1', NOW_MS + 4_000)
  assert.deepEqual(builtAgain(shop, 'u:1', NOW_MS + 4_000, 2_000), [1_000])
})

test('who was forgotten or deleted while waiting is waited for no longer', () => {
  const shop = new ListFixture({ maxVisitors: 1 })
  shop.hot('u:1', recent('a view'))
  shop.build('u:1')
  shop.hot('u:2', recent('a view')) // drives the first one out
  assert.equal(shop.instance.sweep?.(NOW_MS + 1_000), 'u:1')
  assert.deepEqual(shop.instance.build('u:1', NOW_MS + 1_000), [])
  assert.equal(
    shop.instance.sweep?.(NOW_MS + 100_000),
    'u:2',
    'never built, so stale; the first one is not among those due',
  )
  const retries = new ListRetries(60_000)
  retries.isShort('u:1', 0)
  retries.forget('u:1')
  assert.deepEqual([retries.due(60_000), retries.size], [undefined, 0])
})

test(`${MAX_WAITING} wait at most, and each is due once in its turn`, () => {
  const retries = new ListRetries(60_000)
  for (let i = 0; i <= MAX_WAITING; i++) retries.isShort(`u:${i}`, i)
  assert.equal(retries.size, MAX_WAITING)
  assert.equal(retries.due(FIRST_PAUSE_MS - 1), undefined)
  assert.deepEqual([retries.due(FIRST_PAUSE_MS + 1), retries.due(FIRST_PAUSE_MS + 1)], ['u:0', 'u:1'])
  assert.equal(retries.due(FIRST_PAUSE_MS + 1), undefined)
})
