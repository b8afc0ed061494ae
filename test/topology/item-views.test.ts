import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import type { Item } from '../../schemas/item.ts'
import type { Related } from '../../schemas/related.ts'
import { topics } from '../../schemas/topics.ts'
import type { Trending } from '../../schemas/trending.ts'
import { recommender } from '../../topology/recommender.ts'
import { interactionOf } from '../processors/arrivals.ts'
import { itemOf } from '../processors/item-events.ts'
import { Driver, START_MS } from './driver.ts'

const USERS = ['ann', 'bob', 'cyd', 'dan']
const MINUTE_MS = 60_000

/** Each user views a, then b; ann views c, too; bob and cyd buy a and b in one order. */
const interactions = USERS.flatMap((userId, u) => {
  const at = (minute: number, itemId: string, type = 'view') => {
    const occurredAt = START_MS - (60 - minute) * MINUTE_MS
    const orderId = type === 'purchase' ? `order-${userId}` : null
    const eventId = `${userId}-${minute}`
    return { key: userId, value: interactionOf({ userId, eventId, itemId, type, orderId, occurredAt, country: 'AT' }) }
  }
  const bought = u === 1 || u === 2 ? [at(20, 'a', 'purchase'), at(21, 'b', 'purchase')] : []
  return [at(1, 'a'), at(2, 'b'), ...(u === 0 ? [at(3, 'c')] : []), ...bought]
})
const idsOf = (value: { items: { itemId: string }[] } | undefined) => value?.items.map(one => one.itemId)

test('what visitors do reaches the related and the trending items of every segment, and a take-down leaves them', async () => {
  const driver = await Driver.open(recommender(defaultFolds, {}), { partitions: 2 })
  await driver.start()
  await driver.publish<Item>(
    topics.items,
    ['a', 'b', 'c'].map(key => ({ key, value: itemOf({ categories: [key === 'c' ? 'tables' : 'lamps'] }) })),
  )
  await driver.settle()
  await driver.publish(topics.interactions, interactions)
  await driver.settle(33_000) // pairs are told after ten seconds
  const related = await driver.table<Related>(topics.related)
  assert.deepEqual(idsOf(related.get('similar/a')), ['b', 'c'])
  assert.deepEqual(idsOf(related.get('next/a')), ['b', 'c'])
  assert.deepEqual(idsOf(related.get('together/b')), ['a'])
  assert.equal(related.get('together/c'), undefined)
  const trending = await driver.table<Trending>(topics.trending)
  const segments = [...trending.keys()].filter(key => key.startsWith('popular/')).sort()
  assert.deepEqual(segments, ['popular/all', 'popular/category:lamps', 'popular/category:tables', 'popular/country:AT'])
  assert.deepEqual(idsOf(trending.get('popular/all')), ['b', 'a', 'c'])

  await driver.publish<Item>(topics.items, [{ key: 'b', value: itemOf({ available: false }) }])
  await driver.settle(33_000)
  assert.deepEqual(idsOf((await driver.table<Related>(topics.related)).get('similar/a')), ['c'])
  assert.deepEqual(idsOf((await driver.table<Trending>(topics.trending)).get('popular/all')), ['a', 'c'])
  await driver.close()
})
