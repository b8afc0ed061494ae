/** What the simulated log does as Kafka does where a client or a broker is slow, stopped, or hears nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IndefiniteError, type LogRecord } from '../../topology/log-port.ts'
import type { Scheduler, StepLabel, Verdict } from '../../topology/scheduler.ts'
import { CrashedError } from '../../topology/simulated-client.ts'
import type { SimulatedOptions } from '../../topology/simulated-core.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { Harness, out, Reader } from '../conformance/log-port-harness.ts'

type Answer = Verdict | Promise<Verdict>

/** A log whose next step of a label is answered so, once. */
function scripted(options: Omit<SimulatedOptions, 'scheduler' | 'now'> = {}) {
  const next = new Map<StepLabel, Answer>()
  const clock = { nowMs: 0 }
  const scheduler: Scheduler = {
    step(_client, label) {
      const answer = next.get(label) ?? 'run'
      next.delete(label)
      return answer
    },
  }
  const log = new SimulatedLog({ ...options, scheduler, now: () => clock.nowMs })
  const passed = async (nowMs: number) => {
    clock.nowMs = nowMs
    log.tick()
    await log.idle()
  }
  return { log, next, passed, h: new Harness({ log, capabilities: {}, cleanup: async () => {} }) }
}

const turns = async (count = 10) => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}

test('a commit is answered before its control records are written, and the next transaction waits for them', async () => {
  const { log, next, h } = scripted()
  const topic = await h.topic({ partitions: 2 })
  const reader = await h.read(topic)
  const held = Promise.withResolvers<Verdict>()
  next.set('commit:marker', held.promise)
  const transactor = await log.transactor('t')
  await transactor.commit([...out(topic, 'a'), { topic, partition: 1, key: null, value: Buffer.from('b') }])
  let isNextDone = false
  const following = transactor.commit(out(topic, 'c')).then(() => {
    isNextDone = true
  })
  await turns()
  assert.deepEqual(reader.texts, ['b'], 'one partition shows the transaction, the other not yet')
  assert.equal(isNextDone, false)
  held.resolve('run')
  await following
  await log.idle()
  assert.deepEqual(reader.texts, ['b', 'a', 'c'])
})

test('a late end of a transaction commits it as long as nobody has taken over, and nothing afterwards', async () => {
  for (const isTakenOver of [false, true]) {
    const { log, next, h } = scripted()
    const topic = await h.topic()
    const reader = await h.read(topic)
    const held = Promise.withResolvers<Verdict>()
    const transactor = await log.transactor('t')
    next.set('commit:end', 'late')
    next.set('commit:late', held.promise)
    await assert.rejects(transactor.commit(out(topic, 'a')), IndefiniteError)
    if (isTakenOver) await log.transactor('t')
    held.resolve('run')
    await log.idle()
    assert.deepEqual(reader.texts, isTakenOver ? [] : ['a'])
  }
})

const lost: { label: StepLabel; verdict: Verdict; isDone: boolean; error: RegExp | typeof CrashedError }[] = [
  { label: 'produce:append', verdict: 'lose-request', isDone: false, error: /the request got lost/ },
  { label: 'produce:append', verdict: 'lose-answer', isDone: true, error: /the answer got lost/ },
  { label: 'produce:append', verdict: 'crash', isDone: false, error: CrashedError },
  { label: 'produce:append', verdict: 'crash-after', isDone: true, error: CrashedError },
]
for (const { label, verdict, isDone, error } of lost)
  test(`${label} with the verdict ${verdict} is ${isDone ? '' : 'not '}done, and the caller gets an error`, async () => {
    const { log, next, h } = scripted()
    const topic = await h.topic()
    const reader = await h.read(topic)
    next.set(label, verdict)
    await assert.rejects(log.client('a').produce(out(topic, 'x')), error)
    await log.idle()
    assert.deepEqual(reader.texts, isDone ? ['x'] : [])
  })

test('a transaction whose end was answered to nobody is committed', async () => {
  const { log, next, h } = scripted()
  const topic = await h.topic()
  const reader = await h.read(topic)
  next.set('commit:end', 'crash-after')
  await assert.rejects((await log.client('a').transactor('t')).commit(out(topic, 'x')), CrashedError)
  await log.idle()
  assert.deepEqual(reader.texts, ['x'])
})

async function member(log: SimulatedLog, name: string, topic: string, onBatch?: () => Promise<void>) {
  const client = log.client(name)
  const reader = new Reader([topic], { group: 'g', ...(onBatch && { onBatch }) })
  reader.consumer = await client.consume(reader.options)
  await log.idle()
  return { client, reader, held: () => reader.assignments.at(-1)?.map(at => at.partition) }
}

test('a stopped member loses its partitions when its session runs out, and joins again once it is awake', async () => {
  const { log, passed, h } = scripted()
  const topic = await h.topic({ partitions: 2 })
  const [a, b] = [await member(log, 'a', topic), await member(log, 'b', topic)]
  a.client.pause()
  await passed(5_999)
  assert.equal(b.held()?.length, 1)
  await passed(6_000)
  assert.deepEqual(b.held(), [0, 1])
  const joins = a.reader.assignments.length
  await passed(20_000)
  assert.equal(a.reader.assignments.length, joins, 'it sleeps on')
  a.client.resume()
  await passed(20_000)
  await passed(20_500)
  assert.deepEqual([a.held()?.length, b.held()?.length], [1, 1])
})

test('a rebalance waits for a handler no longer than its timeout', async () => {
  const { log, passed, h } = scripted()
  const topic = await h.topic({ partitions: 2 })
  const held = Promise.withResolvers<void>()
  await member(log, 'a', topic, () => held.promise)
  await log.produce(out(topic, 'x'))
  await turns()
  const client = log.client('b')
  const second = new Reader([topic], { group: 'g' })
  second.consumer = await client.consume(second.options)
  await turns()
  const tick = async (nowMs: number) => {
    const done = passed(nowMs)
    await turns()
    return done
  }
  void tick(29_999)
  await turns()
  assert.equal(second.assignments.length, 0)
  void tick(30_000)
  await turns()
  assert.deepEqual(second.assignments.at(-1)?.length, 2)
  held.resolve()
  await log.idle()
})

test('an assigner that errs gives one member what others have', async () => {
  const { log, next, h } = scripted()
  const topic = await h.topic({ partitions: 2 })
  const a = await member(log, 'a', topic)
  next.set('group:join', 'take-all')
  const b = await member(log, 'b', topic)
  assert.equal([...(a.held() ?? []), ...(b.held() ?? [])].length, 3)
})

test('its witness is told of committed records only, in order, and before compaction takes any', async () => {
  const told: LogRecord[] = []
  const { log, next, h } = scripted({ onCommitted: record => told.push(record) })
  const topic = await h.topic({ cleanup: 'compact' })
  const transactor = await log.transactor('t')
  next.set('commit:end', 'lose-request')
  await assert.rejects(transactor.commit(out(topic, 'lost')), IndefiniteError)
  await log.produce(out(topic, 'a', 'a'))
  assert.equal(told.length, 0, 'an open transaction stands before them')
  await log.transactor('t')
  log.compact(topic)
  assert.deepEqual(
    told.map(record => [record.offset, record.value?.toString()]),
    [
      [1, 'a'],
      [2, 'a'],
    ],
  )
})

test("without an abort filter readers see what is open, and with another's what that lets through", async () => {
  for (const [filter, texts] of [
    ['none', ['lost', 'a']],
    [<T>(entries: readonly T[]) => [...entries], ['lost', 'a', 'null']],
  ] as const) {
    const { log, next, h } = scripted({ filter })
    const topic = await h.topic()
    const reader = await h.read(topic)
    next.set('commit:end', 'lose-request')
    await assert.rejects((await log.transactor('t')).commit(out(topic, 'lost')), IndefiniteError)
    await log.produce(out(topic, 'a'))
    await log.idle()
    assert.equal(reader.texts.length, filter === 'none' ? 2 : 0)
    await log.transactor('t')
    await log.idle()
    assert.deepEqual(reader.texts, texts)
  }
})
