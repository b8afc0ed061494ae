/** What was set aside is driven in again, once: by the real graph on the simulated log, with faults. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { redrive, type RedriveOptions, rejectedCodes } from '../../connectors/redrive.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { defaultFolds } from '../../processors/options.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { item, type Item } from '../../schemas/item.ts'
import type { ItemFeatures } from '../../schemas/item-features.ts'
import type { Rejected } from '../../schemas/rejected.ts'
import { topics } from '../../schemas/topics.ts'
import type { Stage, Topology } from '../../topology/graph.ts'
import { appendedAtMs, timesRedriven } from '../../topology/record-headers.ts'
import { recommender } from '../../topology/recommender.ts'
import { runAtOnce, type Scheduler } from '../../topology/scheduler.ts'
import { Driver, START_MS } from '../topology/driver.ts'
import { randomOf } from '../topology/random.ts'

const PARTITIONS = 4
const graph: Topology = { ...recommender(defaultFolds, {}), views: [], sink: [] }
const [user, items] = graph.stages as [Stage, Stage]

async function opened(t: TestContext, scheduler: Scheduler = runAtOnce): Promise<Driver> {
  const driver = await Driver.open(graph, { partitions: PARTITIONS, scheduler })
  t.after(() => driver.close())
  return driver
}

const view = (userId: string, itemId: string, more: Partial<Interaction> = {}): Interaction =>
  withDefaults(interaction, {
    eventId: `${userId} ${itemId}`,
    userId,
    type: 'view',
    itemId,
    occurredAt: START_MS,
    ...more,
  })
const at = (key: string | null, partition: number, value: Buffer, topic = topics.interactions.name) => ({
  topic,
  partition,
  key: key === null ? null : Buffer.from(key),
  value,
})
const elsewhere = (key: string) => (partitionOf(key, PARTITIONS) + 1) % PARTITIONS

function drive(driver: Driver, code: string, more: Partial<RedriveOptions> = {}) {
  const { log, wire } = driver
  const nameOf = (topic: { readonly name: string }) => topic.name
  return redrive({ log, wire, nameOf, generation: 1, lease: 'redrive', code, onProgress: () => {}, ...more })
}

async function countOf(driver: Driver, itemId: string, type = 'view'): Promise<number> {
  return (await driver.table<ItemFeatures>(topics.itemFeatures)).get(itemId)?.counts[type] ?? 0
}

const codesOf = async (driver: Driver) =>
  (await driver.read<Rejected>(topics.rejected)).map(({ value }) => value?.code).toSorted()

describe('redrive', () => {
  it('brings a misplaced interaction to the partition of its visitor, under their key, with its first append time', async t => {
    const driver = await opened(t)
    await driver.start()
    const { wire, log } = driver
    const value = (one: Interaction) => wire.encode(topics.interactions, one)
    await log.produce([
      at('ann', elsewhere('ann'), value(view('ann', 'wrong partition'))),
      at('bob', partitionOf('bob', PARTITIONS), value(view('ann', 'key of another'))),
      at(null, 3, value(view('ann', 'no key'))),
      at('ann', elsewhere('ann'), Buffer.from('{"eventId":1')),
      at('eve', partitionOf('eve', PARTITIONS), value(view('eve', 'well placed'))),
    ])
    await driver.settle(6_000)
    assert.deepEqual(await codesOf(driver), Array(4).fill('MISPLACED_KEY'))
    const result = await drive(driver, 'MISPLACED_KEY')
    assert.deepEqual(result, { driven: { 'interactions.v1': 4 }, leftOut: {} })
    await driver.settle(6_000)
    for (const itemId of ['wrong partition', 'key of another', 'no key', 'well placed'])
      assert.equal(await countOf(driver, itemId), 1, itemId)
    assert.deepEqual((await codesOf(driver)).slice(0, 1), ['INVALID_JSON'], 'now refused for what cannot be read')
  })

  it('keeps the bytes and the append time: what came from the future then is from the future still', async t => {
    const driver = await opened(t)
    await driver.start()
    await driver.publish(topics.interactions, [
      { key: 'ann', value: view('ann', 'early', { occurredAt: START_MS + 3_600_000 }) },
    ])
    await driver.settle(6_000)
    driver.clock.advance(7_200_000)
    await drive(driver, 'FUTURE_TIME')
    await driver.settle(6_000)
    assert.deepEqual(await codesOf(driver), ['FUTURE_TIME', 'FUTURE_TIME'])
    const [first, second] = await driver.read<Interaction>(topics.interactions)
    assert(first && second)
    assert.deepEqual(second.value, first.value)
    assert.equal(appendedAtMs(second), first.timestampMs)
    assert(second.timestampMs > first.timestampMs)
    assert.deepEqual([timesRedriven(first), timesRedriven(second)], [0, 1])
  })

  it('leaves out what was driven before and what was refused again, and drives the latter when asked to', async t => {
    const driver = await opened(t)
    await driver.start()
    await driver.publish(topics.interactions, [
      { key: 'ann', value: view('ann', 'early', { occurredAt: START_MS + 3_600_000 }) },
    ])
    await driver.settle(2_000)
    const drivenOf = async (more: Partial<RedriveOptions> = {}) => {
      const { driven, leftOut } = await drive(driver, 'FUTURE_TIME', more)
      await driver.settle(2_000)
      return [driven['interactions.v1'] ?? 0, leftOut]
    }
    assert.deepEqual(await drivenOf({ isDryRun: true }), [1, {}])
    assert.deepEqual(await drivenOf(), [1, {}])
    assert.deepEqual(await drivenOf(), [0, { 'driven before': 1, 'refused again': 1 }])
    assert.deepEqual(await drivenOf({ isAgain: true }), [1, { 'driven before': 1 }])
    assert.deepEqual(await drivenOf({ isAgain: true, isDryRun: true }), [1, { 'driven before': 2 }])
    // rejected.v1 was deleted and created anew: the marks are of another one.
    assert.deepEqual(await drivenOf({ generation: 2, isAgain: true, isDryRun: true }), [3, {}])
  })

  it('goes by code, source, time and limit', async t => {
    const driver = await opened(t)
    await driver.start()
    const { wire, log } = driver
    const misplaced = (user: string) => at(user, elsewhere(user), wire.encode(topics.interactions, view(user, 'i')))
    await log.produce([misplaced('ann'), misplaced('bob')])
    await driver.settle(1_000)
    const sinceMs = driver.clock.now()
    const film = wire.encode(topics.items, withDefaults(item, { title: 'a film' }))
    await log.produce([misplaced('cyd'), at('film', elsewhere('film'), film, topics.items.name)])
    await driver.settle(2_000)
    const dry = async (more: Partial<RedriveOptions>) =>
      (await drive(driver, 'MISPLACED_KEY', { isDryRun: true, ...more })).driven
    assert.deepEqual(await dry({}), { 'interactions.v1': 3, 'items.v1': 1 })
    assert.deepEqual(await dry({ source: topics.items }), { 'items.v1': 1 })
    assert.deepEqual(await dry({ sinceMs }), { 'interactions.v1': 1, 'items.v1': 1 })
    assert.deepEqual(await dry({ sinceMs: sinceMs + 600_000 }), {})
    assert.deepEqual((await drive(driver, 'INVALID_JSON', { isDryRun: true })).driven, {})
    const { log: port } = driver
    const codes = await rejectedCodes({ log: port, wire, nameOf: topic => topic.name, onProgress: () => {} })
    assert.deepEqual(Object.fromEntries(codes), { MISPLACED_KEY: 4 })
    await drive(driver, 'MISPLACED_KEY', { source: topics.interactions, limit: 2 })
    await drive(driver, 'MISPLACED_KEY', { source: topics.interactions, limit: 2 })
    await driver.settle(6_000)
    assert.equal(await countOf(driver, 'i'), 3)
  })

  it('brings an item, unless a newer value of it stands', async t => {
    const driver = await opened(t)
    await driver.start()
    const put = async (id: string, title: string | null, partition: number) => {
      const value = title === null ? null : driver.wire.encode(topics.items, withDefaults(item, { title }))
      await driver.log.produce([{ topic: topics.items.name, partition, key: Buffer.from(id), value }])
      await driver.settle(500)
    }
    for (const id of ['newer', 'older', 'gone']) await put(id, `${id}, first`, partitionOf(id, PARTITIONS))
    for (const id of ['newer', 'older']) await put(id, `${id}, misplaced`, elsewhere(id))
    await put('gone', null, elsewhere('gone'))
    await put('newer', 'newer, last', partitionOf('newer', PARTITIONS))
    assert.deepEqual(await drive(driver, 'MISPLACED_KEY'), { driven: { 'items.v1': 2 }, leftOut: { 'newer value': 1 } })
    await driver.settle(2_000)
    const features = await driver.table<ItemFeatures>(topics.itemFeatures)
    const facts = (id: string): Item | null | undefined => features.get(id)?.item
    assert.equal(facts('newer')?.title, 'newer, last')
    assert.equal(facts('older')?.title, 'older, misplaced')
    assert.equal(facts('gone')?.available, false)
  })

  it('counts what a defect had refused once the defect is mended', async t => {
    const driver = await opened(t)
    const isBroken = { now: true }
    const [admit, ...others] = user.processors
    assert(admit)
    const broken: Stage = {
      ...user,
      processors: [
        {
          ...admit,
          step(state, event, context) {
            if (isBroken.now && event.value.itemId === 'i') throw new Error('a defect')
            return admit.step(state, event, context)
          },
        },
        ...others,
      ],
    }
    await driver.start(undefined, { topology: { ...graph, stages: [broken, items] } })
    await driver.publish(
      topics.interactions,
      ['ann', 'bob'].map(key => ({ key, value: view(key, 'i') })),
    )
    await driver.settle(2_000)
    isBroken.now = false
    await drive(driver, 'HANDLER_FAILED')
    await driver.settle(6_000)
    assert.equal(await countOf(driver, 'i'), 2)
  })

  it('drives nothing twice and loses nothing, wherever it dies or is fenced', async t => {
    const seen = new Map<string, number>()
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomOf(seed)
      const scheduler: Scheduler = {
        step(client, label) {
          if (!client.startsWith('redrive') || random() > 0.08) return 'run'
          const verdicts = ['crash', 'lose-request', 'lose-answer', 'fence'] as const
          const verdict = verdicts[Math.floor(random() * verdicts.length)] ?? 'run'
          seen.set(label, (seen.get(label) ?? 0) + 1)
          return verdict
        },
      }
      const driver = await opened(t, scheduler)
      await driver.start()
      const { wire, log } = driver
      const users = Array.from({ length: 30 }, (_, n) => `v${n}`)
      await log.produce(
        users.map(name => at(name, elsewhere(name), wire.encode(topics.interactions, view(name, `i${name}`)))),
      )
      await driver.settle(500)
      for (let attempt = 1, isDone = false; !isDone; attempt++) {
        assert(attempt < 100, 'it comes to an end')
        const client = log.client(`redrive ${attempt}`)
        const limit = 1 + Math.floor(random() * 20)
        let found: 'nothing' | 'something' | undefined
        drive(driver, 'MISPLACED_KEY', { log: client, limit }).then(
          ({ driven }) => {
            found = Object.keys(driven).length === 0 ? 'nothing' : 'something'
          },
          () => {
            found = 'something'
          },
        )
        while (found === undefined && !client.isCrashed) await driver.turn(5)
        isDone = found === 'nothing'
      }
      await driver.settle(6_000)
      for (const name of users) assert.equal(await countOf(driver, `i${name}`), 1, `seed ${seed}: ${name}`)
      const copies = (await driver.read(topics.interactions)).filter(record => timesRedriven(record) > 0)
      assert.equal(copies.length, users.length, `seed ${seed}`)
      await driver.close()
    }
    for (const label of ['transactor:open', 'commit:append', 'commit:end']) assert(seen.has(label), label)
  })

  it('ends between two transactions when it is told to stop, and says how far it came', async t => {
    const driver = await opened(t)
    await driver.start()
    const { wire, log } = driver
    const users = Array.from({ length: 1_200 }, (_, n) => `v${n}`)
    await log.produce(users.map(name => at(name, elsewhere(name), wire.encode(topics.interactions, view(name, 'i')))))
    await driver.settle(2_000)
    const stop = new AbortController()
    const first = await drive(driver, 'MISPLACED_KEY', { signal: stop.signal, onProgress: () => stop.abort() })
    const second = await drive(driver, 'MISPLACED_KEY')
    const [before, after] = [first, second].map(({ driven }) => driven['interactions.v1'] ?? 0) as [number, number]
    assert(before > 0 && after > 0)
    assert.equal(before + after, users.length)
  })
})
