/** What V stages and broadcasts do when a key cannot be built, the registry is away, or the group forms anew. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import type { TableRecord, ViewDefinition } from '../../processors/define.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { topics } from '../../schemas/topics.ts'
import { Broadcast } from '../../topology/broadcast.ts'
import { type Topology, topology } from '../../topology/graph.ts'
import type { Batch, ConsumerOptions, LogConsumer, LogPort, TopicPartition } from '../../topology/log-port.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { ViewRunner } from '../../topology/view-runner.ts'
import { Driver } from './driver.ts'
import { interactionOf, sample, type Tally, tallies, tallyTopic } from './sample.ts'

const shown = tallyTopic('shown.v1', 'table')
const nameOf = (topic: { readonly name: string }) => topic.name
const logger = pino({ level: 'silent' })

/** Shows every tally; one of a visitor called `boom…` cannot be built. */
const showing: ViewDefinition = {
  name: 'showing',
  version: 1,
  class: 'V',
  inputs: [tallies],
  broadcasts: [],
  output: shown,
  intervalMs: 100,
  counters: {},
  create() {
    const rows = new Map<string, Tally>()
    return {
      apply({ key, value }) {
        rows.set(key, value as Tally)
        return [key]
      },
      build(key) {
        if (key.startsWith('boom')) throw new Error(`no list for ${key}`)
        return [{ key, value: rows.get(key) }]
      },
    }
  },
}
const withView = (): Topology => topology({ ...sample(), views: [showing], sink: [shown] })
const touch = (driver: Driver, ...visitors: string[]) =>
  driver.publish(
    topics.interactions,
    visitors.map(key => ({ key, value: interactionOf(key, 'x') })),
  )

describe('a V stage', () => {
  it('leaves out a key that cannot be built, and builds the others', async () => {
    const driver = await Driver.open(withView())
    const { fatal } = await driver.start()
    await touch(driver, 'ann', 'boom', 'cyd')
    await driver.settle(400)
    await touch(driver, 'dan')
    await driver.settle(400)
    assert.deepEqual([...(await driver.table<Tally>(shown)).keys()].toSorted(), ['ann', 'cyd', 'dan'])
    assert.deepEqual(fatal, [])
    await driver.close()
  })

  it('ends its process when more than 1 % of the keys cannot be built, from the tenth on', async () => {
    const driver = await Driver.open(withView())
    const { fatal } = await driver.start()
    await touch(driver, ...Array.from({ length: 10 }, (_, i) => `boom${i}`))
    await driver.settle(2_000)
    assert.equal((fatal[0] as FreshetError | undefined)?.code, 'TOO_MANY_FAILURES')
    await driver.close()
  })

  it('stops although the registry is away', async () => {
    const driver = await Driver.open(withView())
    const { running } = await driver.start()
    await driver.settle()
    driver.wire.prepare = async () => {
      throw new FreshetError('REGISTRY_UNAVAILABLE', 'away')
    }
    const value = driver.wire.encode(tallies, { visitor: 'ann', events: 1, items: '' })
    await driver.log.produce([{ topic: tallies.name, partition: 0, key: Buffer.from('ann'), value }])
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    await running.views.get('showing')?.stop()
    await driver.log.close()
  })

  it('that is stopped while it starts leaves no consumer behind', async () => {
    const driver = await Driver.open(withView())
    const held = Promise.withResolvers<void>()
    let stopped = 0
    const slow = {
      async consume() {
        await held.promise
        return { stop: async () => void stopped++ } as LogConsumer
      },
    } as unknown as LogPort
    const broadcast = new Broadcast({
      topics: [],
      log: driver.log,
      wire: driver.wire,
      nameOf,
      clock: driver.clock,
      logger,
      onFatal() {},
    })
    await broadcast.start()
    const runner = new ViewRunner({
      view: showing,
      app: 'freshet',
      partitions: 1,
      log: slow,
      wire: driver.wire,
      broadcast,
      indexes: new Map(),
      nameOf,
      fetchGapMs: 0,
      clock: driver.clock,
      metrics: new RuntimeMetrics(),
      logger,
      onFatal() {},
    })
    const starting = runner.start()
    await new Promise(resolve => setImmediate(resolve))
    const stopping = runner.stop()
    held.resolve()
    await Promise.all([starting, stopping])
    assert.equal(stopped, 1)
    await broadcast.stop()
    await driver.close()
  })
})

describe('a broadcast', () => {
  it('goes on where it was when its consumer joins anew, and tells nobody twice', async () => {
    const driver = await Driver.open(withView())
    const sought: [string, number][] = []
    const consumer = {
      seek: (at: TopicPartition, offset: number) => void sought.push([at.topic, offset]),
      resume() {},
      async stop() {},
    } as unknown as LogConsumer
    let options: ConsumerOptions | undefined
    const log = {
      offsets: async () => [{ begin: 0, end: 1 }],
      async consume(given: ConsumerOptions) {
        options = given
        return consumer
      },
    } as unknown as LogPort
    const broadcast = new Broadcast({
      topics: [tallies],
      log,
      wire: driver.wire,
      nameOf,
      clock: driver.clock,
      logger,
      onFatal() {},
    })
    const seen: number[] = []
    broadcast.addIndex(tallies, { apply: ({ offset }: TableRecord) => void seen.push(offset) })
    await broadcast.start()
    const at = { topic: tallies.name, partition: 0 }
    const value = driver.wire.encode(tallies, { visitor: 'ann', events: 1, items: '' })
    const batch = (from: number, to: number): Batch => ({
      ...at,
      records: Array.from({ length: to - from }, (_, i) => ({
        ...at,
        offset: from + i,
        timestampMs: 0,
        key: Buffer.from('ann'),
        value,
        headers: {},
      })),
      nextOffset: to,
      isDrained: true,
      heartbeat: async () => {},
    })
    options?.onAssign([at], consumer)
    await options?.onBatch(batch(0, 3))
    await broadcast.loaded
    options?.onAssign([at], consumer)
    assert.deepEqual(sought, [[tallies.name, 3]])
    await options?.onBatch(batch(0, 4)) // a batch of the assignment before
    assert.deepEqual(seen, [0, 1, 2, 3])
    await driver.close()
  })
})
