/** KafkaLog against a real broker: what only Kafka does; the contract itself is in the conformance suite. */
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { KafkaLog } from '../../../connectors/kafka/log.ts'
import { FreshetError } from '../../../schemas/errors.ts'
import { FencedError, IndefiniteError } from '../../../topology/log-port.ts'
import { newTopic, open, out, Reader, valuesOf } from './opened.ts'

const timeout = 30_000
let log: KafkaLog
before(async () => {
  log = await open()
})
after(() => log.close())

test('records come back as they were given, with append time, and are drained', { timeout }, async () => {
  const topic = await newTopic(log, { appendTime: true })
  const sentAtMs = Date.now()
  const key = Buffer.from([0, 0, 0, 0])
  const last = await log.produce([
    { topic, partition: 0, key, value: null, headers: { id: Buffer.from('1') } },
    out(topic, 'b'),
  ])
  assert.equal(last.get(`${topic}/0`), 1)
  const reader = await Reader.start(log, topic)
  await reader.count(2)
  const [first] = reader.records
  assert.deepEqual([first?.key, first?.value, String(first?.headers.id)], [key, null, '1'])
  assert.ok(Math.abs((first?.timestampMs ?? 0) - sentAtMs) < 60_000)
  assert.equal(reader.batches.at(-1)?.nextOffset, 2)
  assert.equal(reader.batches.at(-1)?.isDrained, true)
})

test('calls of produce that wait for each other are told of their own records', { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 2 })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      log.produce([out(topic, `a${index}`), out(topic, `b${index}`, index % 2)]),
    ),
  )
  const reader = await Reader.start(log, topic)
  await reader.count(40)
  for (const [index, answer] of answers.entries()) {
    const place = reader.records.find(({ value }) => String(value) === `b${index}`)
    assert.equal(answer.get(`${topic}/${index % 2}`), place?.offset)
  }
})

test('a record the broker refuses fails its own call only', { timeout }, async () => {
  const topic = await newTopic(log)
  const blocker = log.produce([out(topic, 'first')])
  const [large, beside] = await Promise.allSettled([
    log.produce([{ ...out(topic, ''), value: randomBytes(2_000_000) }]), // zeros would go in, compressed
    log.produce([out(topic, 'beside')]),
  ])
  await blocker
  assert.equal(large.status, 'rejected')
  assert.equal(beside.status, 'fulfilled')
  await assert.rejects(log.produce([out(topic, 'x', 5)]), /no such partition/)
})

test('a commit of 5 MB goes into one transaction in order', { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 2 })
  const transactor = await log.transactor(randomUUID())
  const records = Array.from({ length: 500 }, (_, index) => ({
    ...out(topic, '', index % 2),
    key: Buffer.from(String(index)),
    value: Buffer.alloc(10_000),
  }))
  const last = await transactor.commit(records)
  const reader = await Reader.start(log, topic)
  await reader.count(500)
  const ranges = await log.offsets(topic)
  assert.deepEqual(
    [last.get(`${topic}/0`), last.get(`${topic}/1`)],
    ranges.map(({ end }) => end - 2), // one control record after the last
  )
  for (const partition of [0, 1]) {
    const keys = reader.records.filter(record => record.partition === partition).map(({ key }) => Number(key))
    assert.deepEqual(
      keys,
      Array.from({ length: 250 }, (_, index) => 2 * index + partition),
    )
  }
})

test('opening an id fences its older holder, whose records do not appear', { timeout }, async () => {
  const topic = await newTopic(log)
  const id = randomUUID()
  const older = await log.transactor(id)
  await older.commit([out(topic, 'before')])
  const newer = await log.transactor(id)
  await assert.rejects(older.commit([out(topic, 'zombie')]), FencedError)
  await assert.rejects(older.commit([out(topic, 'again')]), IndefiniteError)
  await newer.commit([out(topic, 'after')])
  const reader = await Reader.start(log, topic)
  await reader.reached(0, (await log.offsets(topic))[0]?.end ?? Infinity)
  assert.deepEqual(valuesOf(reader.records), ['before', 'after'])
})

test('of two openings of an id at once the later one has it', { timeout }, async () => {
  const topic = await newTopic(log)
  for (let round = 0; round < 10; round++) {
    const id = randomUUID()
    const [, later] = [log.transactor(id), log.transactor(id)]
    await (await later).commit([out(topic, String(round))])
  }
})

test('commits of one transactor follow each other at once', { timeout }, async () => {
  const topic = await newTopic(log)
  const transactor = await log.transactor(randomUUID())
  for (let index = 0; index < 20; index++) await transactor.commit([out(topic, String(index))])
  const reader = await Reader.start(log, topic)
  await reader.count(20)
  assert.deepEqual(
    valuesOf(reader.records),
    Array.from({ length: 20 }, (_, index) => String(index)),
  )
})

test('a reader from the middle of the log gets exactly the rest', { timeout }, async () => {
  const topic = await newTopic(log)
  await log.produce(Array.from({ length: 10 }, (_, index) => out(topic, String(index))))
  const reader = await Reader.start(log, topic, { from: () => 7 })
  await reader.count(3)
  assert.deepEqual(valuesOf(reader.records), ['7', '8', '9'])
})

test('partitions start paused, and a paused one gives nothing until it is resumed', { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 2 })
  await log.produce([out(topic, 'held', 0), out(topic, 'seen', 1)])
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const consumer = await log.consume({
    group: randomUUID(),
    topics: [topic],
    assignment: 'copartition',
    onAssign: (_, own) => own.resume({ topic, partition: 1 }),
    async onBatch({ records }) {
      seen.push(...valuesOf(records))
      if (seen.length === 2) resolve()
      else consumer.resume({ topic, partition: 0 })
    },
    onCrash: assert.fail,
  })
  await promise
  assert.deepEqual(seen, ['seen', 'held'])
})

test('a seek inside a handler is where it goes on', { timeout }, async () => {
  const topic = await newTopic(log)
  await log.produce(['a', 'b', 'c'].map(value => out(topic, value)))
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  let hasSought = false
  const consumer = await log.consume({
    group: randomUUID(),
    topics: [topic],
    assignment: 'single',
    onAssign: (_, own) => own.resume({ topic, partition: 0 }),
    async onBatch({ records }) {
      seen.push(...valuesOf(records))
      if (!hasSought) consumer.seek({ topic, partition: 0 }, 1)
      else resolve()
      hasSought = true
    },
    onCrash: assert.fail,
  })
  await promise
  assert.deepEqual(seen, ['a', 'b', 'c', 'b', 'c'])
})

test('a throw of the handler ends the consumer with one onCrash', { timeout }, async () => {
  const topic = await newTopic(log)
  await log.produce([out(topic, 'a')])
  const reader = await Reader.start(log, topic, { onBatch: () => Promise.reject(new Error('handler')) })
  await reader.until.is(() => reader.crashes.length > 0)
  await reader.stop()
  assert.deepEqual(
    reader.crashes.map(({ message }) => message),
    ['handler'],
  )
})

test('the beginning of a purged topic is where it begins now, any lost position is DATA_LOST', {
  timeout,
}, async () => {
  const topic = await newTopic(log)
  await log.produce(Array.from({ length: 10 }, (_, index) => out(topic, String(index))))
  await log.purge({ topic, partition: 0 }, 6)
  assert.deepEqual(await log.offsets(topic), [{ begin: 6, end: 10 }])
  const reader = await Reader.start(log, topic)
  await reader.count(4)
  assert.deepEqual(valuesOf(reader.records), ['6', '7', '8', '9'])
  for (const lost of [0, 3, 5, 11]) {
    const behind = await Reader.start(log, topic, { from: () => lost })
    await behind.until.is(() => behind.crashes.length > 0)
    const [error] = behind.crashes
    assert.ok(error instanceof FreshetError)
    assert.equal(error.code, 'DATA_LOST')
    assert.deepEqual(behind.records, [])
  }
})

test('ensureTopics names what it made once, and every difference of what stands otherwise', { timeout }, async () => {
  const name = `test-${randomUUID()}`
  const settings = { name, partitions: 2, cleanup: 'delete' as const, retentionMs: 1000, appendTime: true }
  const [a, b] = await Promise.all([log.ensureTopics([settings]), log.ensureTopics([settings])])
  assert.deepEqual([...a, ...b], [name])
  assert.deepEqual(await log.ensureTopics([settings]), [])
  const error: unknown = await log
    .ensureTopics([{ ...settings, partitions: 3, retentionMs: -1, appendTime: false }])
    .catch(reason => reason)
  assert.ok(error instanceof FreshetError)
  assert.equal(error.code, 'TOPIC_MISMATCH')
  for (const difference of ['partitions: wanted 3, got 2', 'retention.ms: wanted -1, got 1000', 'got LogAppendTime']) {
    assert.ok(error.message.includes(difference), error.message)
  }
  await assert.rejects(log.offsets(`test-${randomUUID()}`), /no such topic/)
})

test('no broker is KAFKA_UNAVAILABLE', { timeout }, async () => {
  await assert.rejects(
    open({ brokers: ['127.0.0.1:1'] }),
    (error: unknown) => error instanceof FreshetError && error.code === 'KAFKA_UNAVAILABLE',
  )
})
