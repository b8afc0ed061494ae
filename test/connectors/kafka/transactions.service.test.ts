/** What read_committed readers see of transactions that overlap and abort, on a real broker. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Producer } from 'kafkajs'
import { kafkajs } from '../../../connectors/kafka/client.ts'
import type { KafkaLog } from '../../../connectors/kafka/log.ts'
import { brokers, explicitPartitions, newTopic, open, out, Reader, valuesOf } from './opened.ts'

const timeout = 30_000
let log: KafkaLog
const producers: Producer[] = []
before(async () => {
  log = await open()
})
after(async () => {
  await log.close()
  for (const producer of producers) await producer.disconnect()
})

/** A transaction under the test's own control, which a Transactor never gives. */
async function begin(topic: string) {
  const kafka = new kafkajs.Kafka({ brokers: brokers(), clientId: 'test', logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer({
    transactionalId: randomUUID(),
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: explicitPartitions,
    retry: { initialRetryTime: 5, retries: 50 },
  })
  producers.push(producer)
  await producer.connect()
  const transaction = await producer.transaction()
  const write = (value: string, key = 'key') =>
    transaction.send({ topic, messages: [{ key, value, partition: 0 }] }).then(() => undefined)
  return { write, commit: () => transaction.commit(), abort: () => transaction.abort() }
}

test('two overlapping transactions, the inner one aborted first: neither is seen', { timeout }, async () => {
  const topic = await newTopic(log)
  const outer = await begin(topic)
  const inner = await begin(topic)
  await outer.write('outer 1')
  await inner.write('inner 1', '\0\0\0\0')
  await inner.write('inner 2')
  await inner.abort()
  await outer.write('outer 2', '\0\0\0\0')
  await outer.write('outer 3')
  await outer.abort()
  await log.produce([out(topic, 'plain')])
  const reader = await Reader.start(log, topic)
  await reader.reached(0, 8)
  assert.deepEqual(valuesOf(reader.records), ['plain'])
})

test('an open transaction holds back the end, and what was written beside it comes when it ends', {
  timeout,
}, async () => {
  const topic = await newTopic(log)
  await log.produce([out(topic, 'first')])
  const open = await begin(topic)
  await open.write('open')
  await log.produce([out(topic, 'beside')])
  assert.deepEqual(await log.offsets(topic), [{ begin: 0, end: 1 }])
  const reader = await Reader.start(log, topic)
  await reader.count(1)
  assert.deepEqual([reader.batches[0]?.nextOffset, reader.batches[0]?.isDrained], [1, true])
  await open.commit()
  await reader.count(3)
  assert.deepEqual(valuesOf(reader.records), ['first', 'open', 'beside'])
})

test('a stretch of control and aborted records alone is reported, so that `end` is always reached', {
  timeout,
}, async () => {
  const topic = await newTopic(log)
  const aborted = await begin(topic)
  await aborted.write('never seen')
  await aborted.abort()
  const reader = await Reader.start(log, topic)
  await reader.reached(0, 2)
  const [range] = await log.offsets(topic)
  assert.deepEqual(range, { begin: 0, end: 2 })
  assert.deepEqual(
    reader.batches.map(({ records, nextOffset, isDrained }) => ({ records, nextOffset, isDrained })),
    [{ records: [], nextOffset: 2, isDrained: true }],
  )
  await log.produce([out(topic, 'after')])
  await reader.count(1)
  assert.equal(reader.records[0]?.offset, 2)
})

test('a new owner of an id ends the open transaction of the last one at once', { timeout }, async () => {
  const topic = await newTopic(log)
  const id = randomUUID()
  const kafka = new kafkajs.Kafka({ brokers: brokers(), clientId: 'test', logLevel: kafkajs.logLevel.NOTHING })
  const dead = kafka.producer({ transactionalId: id, maxInFlightRequests: 1, idempotent: true })
  producers.push(dead)
  await dead.connect()
  const transaction = await dead.transaction()
  await transaction.send({ topic, messages: [{ value: 'left open', partition: 0 }] })
  const next = await log.transactor(id)
  await next.commit([out(topic, 'new owner')])
  const reader = await Reader.start(log, topic)
  await reader.count(1)
  assert.deepEqual(valuesOf(reader.records), ['new owner'])
  await assert.rejects(transaction.commit())
})
