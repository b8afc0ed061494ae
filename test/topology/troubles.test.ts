/** What a task, a stage and a view do when something around them is slow, away or wrong at an awkward moment. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { FreshetError } from '../../schemas/errors.ts'
import type { SignalFrame } from '../../schemas/signal-frame.ts'
import { signalFrame } from '../../schemas/signal-frame.ts'
import type { Rejected } from '../../schemas/rejected.ts'
import { SIGNAL } from '../../schemas/signals.ts'
import { topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import { HandClock } from '../../topology/clock.ts'
import { FrameWriter } from '../../topology/frames.ts'
import { type Stage, topicsOf } from '../../topology/graph.ts'
import type { Batch, LogConsumer, LogPort, LogRecord } from '../../topology/log-port.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { prepareTopics } from '../../topology/runner.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { StageRunner, type StageRunnerOptions } from '../../topology/stage-runner.ts'
import { Task } from '../../topology/task.ts'
import { Driver, START_MS } from './driver.ts'
import { interactionOf, sample, slowTallies, steps, type Tally, tallies } from './sample.ts'

const CHANGELOG = 'sample-changelog.v1'
const nameOf = (topic: { readonly name: string }) => topic.name
const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}
/** @returns whether it was over after some turns of the event loop with the clock going on */
async function isOver(work: Promise<unknown>, clock: HandClock): Promise<boolean> {
  let over = false
  void work.then(() => (over = true))
  for (let i = 0; i < 200 && !over; i++) {
    clock.advance(100)
    await turns(1)
  }
  return over
}

async function prepared() {
  const graph = sample()
  const clock = new HandClock(START_MS)
  const log = new SimulatedLog({ now: () => clock.now() })
  await prepareTopics({ topology: graph, namespace: 'freshet', partitions: 1, log, clock })
  const wire = await Wire.open(new MemoryRegistry(), 'freshet', topicsOf(graph))
  const fatal: Error[] = []
  const shared = {
    stage: graph.stages[0] as Stage,
    partitions: 1,
    wire,
    nameOf,
    timing: { gapMs: 0, maxMs: 100, maxBytes: 4 << 20 },
    sessionTimeoutMs: 100,
    clock,
    metrics: new RuntimeMetrics(),
    logger: pino({ level: 'silent' }),
    onFatal: (error: Error) => void fatal.push(error),
  }
  return { log, clock, wire, fatal, shared }
}

/** The log with some of its calls replaced. */
const changed = (log: LogPort, calls: Partial<LogPort>): LogPort => ({
  ensureTopics: settings => log.ensureTopics(settings),
  offsets: topic => log.offsets(topic),
  produce: records => log.produce(records),
  transactor: id => log.transactor(id),
  purge: (at, before) => log.purge(at, before),
  consume: options => log.consume(options),
  close: () => log.close(),
  ...calls,
})

const silentConsumer: LogConsumer = {
  seek() {},
  pause() {},
  resume() {},
  async commitOffsets() {},
  committed: async at => at.map(() => undefined),
  async stop() {},
}

async function changelogOf(log: LogPort): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  await readToEnd(log, [CHANGELOG], record => records.push(record))
  return records
}
const batchOf = (records: readonly LogRecord[]): Batch => ({
  topic: records[0]?.topic ?? '',
  partition: 0,
  records,
  nextOffset: (records.at(-1)?.offset ?? -1) + 1,
  isDrained: true,
  heartbeat: async () => {},
})

describe('opening a task', () => {
  it('does not end at the barrier of an opening that has been given up', async () => {
    const { log, shared } = await prepared()
    let gate: Promise<void> | undefined
    const slow = changed(log, {
      async transactor(id) {
        await gate
        return log.transactor(id)
      },
    })
    const task = new Task({
      ...shared,
      partition: 0,
      id: 't',
      log: slow,
      consumer: silentConsumer,
      changelog: CHANGELOG,
    })
    task.open()
    await turns()
    const first = batchOf(await changelogOf(log))
    const held = Promise.withResolvers<void>()
    gate = held.promise
    task.open() // a rebalance, while the first barrier is on its way back
    await turns()
    await task.onBatch(first)
    assert.equal(task.phase, 'opening')
    held.resolve()
    await turns()
    await task.onBatch(batchOf(await changelogOf(log)))
    assert.equal(task.phase, 'running')
    await task.close()
  })

  it('tries again when the log is away just after the barrier', async () => {
    const { log, clock, fatal, shared } = await prepared()
    let isAway = false
    const flaky = changed(log, {
      async offsets(topic) {
        if (isAway && topic === topics.interactions.name) throw new Error('away')
        return log.offsets(topic)
      },
    })
    const runner = new StageRunner({ ...shared, app: 'freshet', log: flaky, fetchGapMs: 0 })
    isAway = true
    await runner.start()
    await turns(50)
    isAway = false
    clock.advance(10_000)
    await turns(50)
    assert.deepEqual(fatal, [])
    assert.equal(runner.tasks.get(0)?.phase, 'running')
    await runner.stop()
  })
})

describe('stopping a stage', () => {
  it('does not wait for a registry that is away', async () => {
    const driver = await Driver.open(sample())
    const { running } = await driver.start()
    await driver.settle()
    driver.wire.prepare = async () => {
      throw new FreshetError('REGISTRY_UNAVAILABLE', 'away')
    }
    await driver.publish(topics.interactions, [{ key: 'ann', value: interactionOf('ann', 'a') }])
    await turns()
    assert(await isOver(running.stop(), driver.clock))
  })

  it('opens nothing when the group rebalances meanwhile', async () => {
    const { log, clock, shared } = await prepared()
    let opened = 0
    const rebalancing = changed(log, {
      async transactor(id) {
        opened++
        return log.transactor(id)
      },
      async consume(options) {
        const consumer = await log.consume(options)
        const stop = async () => {
          options.onAssign([{ topic: topics.interactions.name, partition: 0 }], consumer)
          await consumer.stop()
        }
        return Object.assign(Object.create(consumer) as LogConsumer, {
          seek: consumer.seek.bind(consumer),
          pause: consumer.pause.bind(consumer),
          resume: consumer.resume.bind(consumer),
          stop,
        })
      },
    })
    const options: StageRunnerOptions = { ...shared, app: 'freshet', log: rebalancing, fetchGapMs: 0 }
    const runner = new StageRunner(options)
    await runner.start()
    await turns()
    assert.equal(opened, 1)
    await runner.stop()
    clock.advance(10_000)
    await turns()
    assert.equal(opened, 1)
  })
})

describe('a task', () => {
  it('reports what a coalesced table throws, and does not die of an unhandled rejection', async () => {
    const graph = sample()
    const [stage] = graph.stages
    const [processor] = stage?.processors ?? []
    assert(stage && processor)
    const records = () => {
      throw new Error('no such record')
    }
    const table = { topic: slowTallies, coalesceMs: 1_000, records }
    const broken = { ...stage, processors: [{ ...processor, tables: [table] }] }
    const driver = await Driver.open({ ...graph, stages: [broken] })
    const { fatal } = await driver.start()
    await driver.publish(topics.interactions, [{ key: 'ann', value: interactionOf('ann', 'a') }])
    await driver.settle(3_000)
    assert.deepEqual(
      fatal.map(error => error.message),
      ['no such record'],
    )
    await driver.close()
  })

  it('counts nothing of a record whose output cannot be written', async () => {
    const driver = await Driver.open(sample())
    await driver.start()
    const records = ['a', 'unwritable', 'b'].map(itemId => ({ key: 'ann', value: interactionOf('ann', itemId) }))
    await driver.publish(topics.interactions, records)
    const unreadable = { topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value: Buffer.from('{') }
    await driver.publish(topics.interactions, [{ key: 'ann', value: interactionOf('ann', 'c') }])
    await driver.log.produce([unreadable])
    await driver.settle()
    assert.equal((await driver.table<Tally>(tallies)).get('ann')?.items, 'a;b;c;')
    assert.equal((await driver.read(steps)).length, 3)
    const codes = (await driver.read<Rejected>(topics.rejected)).map(one => one.value?.code)
    assert.deepEqual(codes, ['HANDLER_FAILED', 'INVALID_JSON'])
    await driver.close()
  })

  it('sets aside a record as large as a log takes, without its value', async () => {
    const driver = await Driver.open(sample())
    await driver.start()
    const value = Buffer.from(`{"eventId":"${'x'.repeat(1_000_000)}`)
    await driver.log.produce([{ topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value }])
    await driver.settle()
    const [rejected] = await driver.read<Rejected>(topics.rejected)
    assert.equal(rejected?.value?.code, 'RECORD_TOO_LARGE')
    assert.equal(rejected?.value?.value, null)
    assert.match(rejected?.value?.message ?? '', /1000012 bytes/)
    await driver.close()
  })
})

describe('a frame of signals', () => {
  it('stays below the largest record with ids of 256 bytes', () => {
    const writer = new FrameWriter(0, 1)
    for (let offset = 0; offset < 4_000; offset++)
      writer.add(
        offset,
        1,
        Array.from({ length: 4 }, (_, i) => ({
          kind: SIGNAL.count,
          itemId: `${offset}-${i}`.padEnd(256, 'x'),
          other: '',
          amount: 1,
        })),
      )
    const frames = writer.take()
    const sizes = frames.map(({ frame }) => signalFrame.encode(frame).length)
    assert(Math.max(...sizes) < 1_000_000, `${Math.max(...sizes)} bytes`)
    const offsets = frames.flatMap(({ frame }: { frame: SignalFrame }) => frame.entries.map(entry => entry.offset))
    assert.deepEqual(
      offsets,
      offsets.toSorted((a, b) => a - b),
    )
    assert.equal(new Set(offsets).size, 4_000)
    assert.equal(offsets.length, 4_000, 'no source record spans two frames')
  })
})
