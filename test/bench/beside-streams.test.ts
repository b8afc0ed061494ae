import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PairCount } from '../../bench/beside-streams-count.ts'
import { LAST_ITEMS, LISTED, pairTopology, type TopList, topLists } from '../../bench/beside-streams-topology.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { interaction } from '../../schemas/interaction.ts'
import { topics } from '../../schemas/topics.ts'
import { Driver } from '../topology/driver.ts'

type Event = readonly [user: string, item: string]

async function publish(driver: Driver, events: readonly Event[]): Promise<void> {
  const records = events.map(([user, item], number) => ({
    key: user,
    value: withDefaults(interaction, {
      eventId: `e${number}`,
      userId: user,
      itemId: item,
      type: 'like',
      occurredAt: 1,
    }),
  }))
  await driver.publish(topics.interactions, records)
}

const countOf = (events: readonly Event[]): PairCount => {
  const count = new PairCount()
  for (const [user, item] of events) count.add(user, item)
  return count
}

test('any events, stopped and started anywhere: the lists are those of the brute-force count', async () => {
  const event = fc.tuple(fc.integer({ max: 5, min: 0 }), fc.integer({ max: 30, min: 0 }))
  const streams = fc.tuple(fc.array(event, { maxLength: 300 }), fc.nat(300), fc.constantFrom(1, 4))
  await fc.assert(
    fc.asyncProperty(streams, async ([numbers, cut, partitions]) => {
      const events = numbers.map(([user, item]): Event => [`user-${user}`, `item-${item}`])
      const driver = await Driver.open(pairTopology(), { partitions })
      for (const part of [events.slice(0, cut), events.slice(cut)]) {
        const process = await driver.start()
        await publish(driver, part)
        await driver.settle()
        await process.stop()
      }
      assert.deepEqual(countOf(events).differences(await driver.table<TopList>(topLists)), [])
    }),
    { numRuns: 20 },
  )
})

test('a task that was fenced goes back to its last commit, and counts on from there', async () => {
  const events = Array.from({ length: 200 }, (_, number): Event => [`user-${number % 3}`, `item-${(number * 7) % 31}`])
  const driver = await Driver.open(pairTopology())
  const process = await driver.start()
  await publish(driver, events.slice(0, 100))
  await driver.settle()
  for (const stage of ['user', 'item']) await driver.log.transactor(`freshet.${stage}.0`)
  await publish(driver, events.slice(100))
  await driver.settle(1_000)
  assert.deepEqual(countOf(events).differences(await driver.table<TopList>(topLists)), [])
  assert.equal((await process.metrics.reopened.get()).values.length, 2)
  await process.stop()
})

test('a list has the 100 greatest counts, and positions say which events of its own item are in it', async () => {
  const users = Array.from({ length: LISTED / LAST_ITEMS + 2 }, (_, number) => `user-${number}`)
  const events = users.flatMap((user, number): Event[] => [
    ...Array.from({ length: LAST_ITEMS }, (_, item): Event => [user, `item-${number * LAST_ITEMS + item}`]),
    [user, 'film'],
  ])
  const driver = await Driver.open(pairTopology())
  const process = await driver.start()
  await publish(driver, events)
  await driver.settle()
  const lists = await driver.table<TopList>(topLists)
  await process.stop()
  assert.deepEqual(countOf(events).differences(lists), [])
  const film = lists.get('film')
  assert.equal(film?.items.length, LISTED)
  assert.equal(film?.pairs, users.length * LAST_ITEMS)
  assert.deepEqual(film?.upTo, [events.length - 1])
})

test('the brute-force count: an item leaves the window with the 21st other one, and a repeat pairs again', () => {
  const count = new PairCount()
  const paired = Array.from({ length: 23 }, (_, item) => count.add('u', `item-${item}`))
  assert.deepEqual(paired.slice(18), [18, 19, 20, 20, 20])
  assert.equal(count.add('u', 'item-22'), 19)
  assert.equal(count.pairs, 2 * ((19 * 20) / 2 + 20 * 3 + 19))
})
