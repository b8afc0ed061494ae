import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { kafkajs } from '../../../connectors/kafka/client.ts'
import { fetch } from '../../../connectors/kafka/fetch.ts'
import { FetchedBatch } from '../../../connectors/kafka/fetched-batch.ts'

const require = createRequire(import.meta.url)
const inside = (path: string): unknown => require(`kafkajs/src/${path}`)

test('kafkajs finds our own batch and fetch', () => {
  assert.equal(typeof kafkajs.Kafka, 'function')
  assert.equal(inside('consumer/batch'), FetchedBatch)
  assert.equal((inside('consumer/consumerGroup') as { prototype: object & { fetch: unknown } }).prototype.fetch, fetch)
})

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
