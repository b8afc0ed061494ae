/** Members of a group on a real broker: sharing, rebalancing, positions. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { KafkaLog } from '../../../connectors/kafka/log.ts'
import type { Batch, TopicPartition } from '../../../topology/log-port.ts'
import { newTopic, open, out, Reader, valuesOf } from './opened.ts'

const timeout = 30_000
let log: KafkaLog
before(async () => {
  log = await open()
})
after(() => log.close())

const placesOf = (assigned: readonly TopicPartition[], topics: string[]): string[] =>
  assigned.map(({ topic, partition }) => `${topics.indexOf(topic)}/${partition}`).toSorted()

test('partition p of every topic goes to one member; who stays keeps its own through a rebalance', {
  timeout,
}, async () => {
  const topics = [await newTopic(log, { partitions: 4 }), await newTopic(log, { partitions: 4 })]
  const group = randomUUID()
  const start = () => Reader.start(log, '', { group, topics })
  const first = await start()
  await first.until.is(() => first.assigned.length === 8)
  const second = await start()
  await Promise.all(
    [first, second].map(({ until }, index) => until.is(() => [first, second][index]?.assigned.length === 4)),
  )
  const before = placesOf(first.assigned, topics)
  const partitions = new Set(first.assigned.map(({ partition }) => partition))
  assert.equal(partitions.size, 2)
  assert.deepEqual(placesOf([...first.assigned, ...second.assigned], topics), [
    '0/0',
    '0/1',
    '0/2',
    '0/3',
    '1/0',
    '1/1',
    '1/2',
    '1/3',
  ])
  await second.stop()
  await first.until.is(() => first.assigned.length === 8)
  const third = await start()
  await third.until.is(() => third.assigned.length === 4)
  await first.until.is(() => first.assigned.length === 4)
  assert.equal(placesOf(first.assigned, topics).length, before.length)
})

test("'single' gives everything to one member, and to the other when that one stops", { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 3 })
  const group = randomUUID()
  const first = await Reader.start(log, topic, { group, assignment: 'single' })
  await first.until.is(() => first.assigned.length === 3)
  const joins: number[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  await log.consume({
    group,
    topics: [topic],
    assignment: 'single',
    onAssign: assigned => {
      joins.push(assigned.length)
      if (joins.length === 1) resolve()
    },
    onBatch: async () => {},
    onCrash: assert.fail,
  })
  await promise
  assert.deepEqual(joins, [0])
  assert.equal(first.assigned.length, 3)
})

test('two members read each record once between them while one joins', { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 4 })
  const group = randomUUID()
  const positions = new Map<number, number>()
  const seen: string[] = []
  const options = {
    group,
    from: ({ partition }: TopicPartition) => positions.get(partition) ?? 0,
    onBatch: async ({ records, partition, nextOffset }: Batch) => {
      seen.push(...valuesOf(records))
      positions.set(partition, nextOffset)
    },
  }
  const first = await Reader.start(log, topic, options)
  await first.until.is(() => first.assigned.length === 4)
  const wanted = Array.from({ length: 200 }, (_, index) => String(index))
  let second: Reader | undefined
  for (const value of wanted) {
    await log.produce([out(topic, value, Number(value) % 4)])
    if (value === '50') second = await Reader.start(log, topic, options)
  }
  await second?.until.is(() => second.assigned.length === 2)
  await log.produce([0, 1, 2, 3].map(partition => out(topic, 'end', partition)))
  const ends = () =>
    [...first.records, ...(second?.records ?? [])].filter(({ value }) => String(value) === 'end').length
  await Promise.race([first.until.is(() => ends() === 4), second?.until.is(() => ends() === 4)])
  const values = seen.filter(value => value !== 'end')
  assert.deepEqual(
    values.map(Number).toSorted((a, b) => a - b),
    wanted.map(Number),
  )
})

test('positions are committed and found again by the next member; undefined where nothing was', {
  timeout,
}, async () => {
  const topic = await newTopic(log, { partitions: 2 })
  await log.produce([out(topic, 'a'), out(topic, 'b')])
  const at = [0, 1].map(partition => ({ topic, partition }))
  const group = randomUUID()
  const { promise: joined, resolve } = Promise.withResolvers<void>()
  const consume = () =>
    log.consume({
      group,
      topics: [topic],
      assignment: 'single',
      onAssign: () => resolve(),
      onBatch: async () => {},
      onCrash: assert.fail,
    })
  const consumer = await consume()
  await joined
  assert.deepEqual(await consumer.committed(at), [undefined, undefined])
  await consumer.commitOffsets([{ topic, partition: 0, offset: 1 }])
  await consumer.stop()
  const next = await consume()
  assert.deepEqual(await next.committed(at), [1, undefined])
})

test('broadcasts read all partitions each for itself, from the beginning', { timeout }, async () => {
  const topic = await newTopic(log, { partitions: 2 })
  await log.produce([out(topic, 'a', 0), out(topic, 'b', 1)])
  const readers = await Promise.all([1, 2].map(() => Reader.start(log, topic, { group: null })))
  for (const reader of readers) {
    await reader.count(2)
    assert.deepEqual(valuesOf(reader.records).toSorted(), ['a', 'b'])
  }
})
