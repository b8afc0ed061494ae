import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { kafkajs } from '../../../connectors/kafka/client.ts'
import { decodeMessages } from '../../../connectors/kafka/decode-messages.ts'
import { FetchedBatch, visibleMessages } from '../../../connectors/kafka/fetched-batch.ts'
import { encodeRecord, recordBatchV0 } from '../../../connectors/kafka/record-batch.ts'

const require = createRequire(import.meta.url)
const inside = (path: string): unknown => require(`kafkajs/src/${path}`)

const replaced: { path: string; by: unknown }[] = [
  { path: 'consumer/batch', by: FetchedBatch },
  { path: 'consumer/filterAbortedMessages', by: visibleMessages },
  { path: 'protocol/requests/fetch/v4/decodeMessages', by: decodeMessages },
  { path: 'protocol/recordBatch/v0', by: recordBatchV0 },
  { path: 'protocol/recordBatch/record/v0', by: encodeRecord },
]
for (const { path, by } of replaced) {
  test(`kafkajs finds our own ${path}`, () => {
    assert.equal(typeof kafkajs.Kafka, 'function')
    assert.equal(inside(path), by)
  })
}

test('a request queue where nothing waits arms no timer', () => {
  const RequestQueue = inside('network/requestQueue') as new (
    options: object,
  ) => { scheduleCheckPendingRequests(): void; throttleCheckTimeoutId: unknown; destroy(): void; pending: unknown[] }
  const queue = new RequestQueue({ clientId: 'test', requestTimeout: 1000, logger: { debug() {} } })
  queue.scheduleCheckPendingRequests()
  assert.equal(queue.throttleCheckTimeoutId, null)
  queue.pending.push({})
  queue.scheduleCheckPendingRequests()
  assert.notEqual(queue.throttleCheckTimeoutId, null)
  queue.destroy()
})

test('messages are grouped by partition in order', () => {
  const group = inside('producer/groupMessagesPerPartition') as (on: object) => unknown
  const messages = [3, 1, 3, 3, 1].map((partition, index) => ({ partition, index }))
  const grouped = group({
    topic: 't',
    partitionMetadata: [{}],
    messages,
    partitioner: ({ message }: { message: { partition: number } }) => message.partition,
  })
  assert.deepEqual(grouped, {
    1: [messages[1], messages[4]],
    3: [messages[0], messages[2], messages[3]],
  })
})

test('100,000 messages are grouped in well under a second', () => {
  const group = inside('producer/groupMessagesPerPartition') as (on: object) => unknown
  const from = process.hrtime.bigint()
  group({ topic: 't', partitionMetadata: [{}], messages: Array(100_000).fill({}), partitioner: () => 0 })
  assert.ok(Number(process.hrtime.bigint() - from) < 500e6) // copying the group each time takes minutes
})
