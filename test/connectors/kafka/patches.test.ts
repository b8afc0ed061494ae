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

test('a broker that is silent when it is connected to is connected to anew', async () => {
  let isConnected = false
  const connectionPool = {
    connectionTimeout: 1_000,
    isConnected: () => isConnected,
    async getConnection() {
      isConnected = true
    },
    async destroy() {
      isConnected = false
    },
    async send() {
      throw new Error('Request ApiVersions timed out')
    },
  }
  const logger = { namespace: () => ({ debug() {} }) }
  const Broker = inside('broker/index') as new (options: object) => { isConnected(): boolean; connect(): Promise<void> }
  const broker = new Broker({ connectionPool, logger })
  await assert.rejects(broker.connect(), /ApiVersions timed out/)
  assert.equal(broker.isConnected(), false)
})
