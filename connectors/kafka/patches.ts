/**
 * Mends kafkajs 2.2.4 before it is loaded: import this module first, and kafkajs only through `client.ts`.
 *
 * 1. `consumer/batch` and `ConsumerGroup.fetch`: fetches are asked for, read and filtered by `fetch.ts`. kafkajs's abort filter
 *    lets aborted records through wherever two transactional writers interleave, it never gets past record batches which
 *    compaction has emptied, and a fetch of 1 MB is one turn of 50 ms.
 * 2. `network/requestQueue`: no timer where nothing waits; a negative one is 1 ms on Node 24, for ever, with a warning.
 * 3. `ConsumerGroup.recoverFromOffsetOutOfRange`: a consumer that was sent to the beginning goes to where it is now; any
 *    position outside of the log ends it with DATA_LOST. It committed the default offset and went on in silence.
 * 4. `ConsumerGroup.connect`, `joinAndSync`, `leave`: a consumer that restarts after it lost its broker comes back as the
 *    member it was. As a new one it waits until the session of its former self has run out.
 * 5. `Broker.connect`: a broker that takes the connection and is silent when it is asked for its versions counted as connected,
 *    and every later request of that client failed with "Broker not connected", for ever.
 *
 * Of its producers nothing is used, see `producer.ts`: they take sequence numbers back on an error.
 */
import { createRequire } from 'node:module'
import { FreshetError } from '../../schemas/errors.ts'
import { fetch } from './fetch.ts'
import { FetchedBatch } from './fetched-batch.ts'
import type { Cluster } from './internals.ts'

const require = createRequire(import.meta.url)

const SOURCE = 'kafkajs/src/'
if (require.cache[require.resolve(`${SOURCE}index.js`)]) throw new Error('kafkajs was loaded before its patches')

const manifest = require('kafkajs/package.json') as { version: string }
if (manifest.version !== '2.2.4') throw new Error(`the patches are for kafkajs 2.2.4, not ${manifest.version}`)

replace('consumer/batch', FetchedBatch)

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
}
patch('network/requestQueue', {
  scheduleCheckPendingRequests(this: RequestQueue): void {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return
    const waitMs = Math.max(this.throttledUntil - Date.now(), 10)
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    }, waitMs)
  },
})

type At = { topic: string; partition: number }
interface ConsumerGroup {
  memberId: string | null
  offsetManager: { resolvedOffsets: Record<string, Record<number, string>> }
  cluster: Cluster
  seek(at: At & { offset: string }): void
  connect(): Promise<void>
  joinAndSync(): Promise<void>
  leave(): Promise<void>
}
const group = (require(`${SOURCE}consumer/consumerGroup`) as { prototype: ConsumerGroup }).prototype
const { connect, joinAndSync, leave } = group
/** A restart makes a new ConsumerGroup on the same cluster. */
const memberIds = new WeakMap<Cluster, string>()
patch('consumer/consumerGroup', {
  fetch,
  async connect(this: ConsumerGroup): Promise<void> {
    this.memberId ??= memberIds.get(this.cluster) ?? null
    await connect.call(this)
  },
  async joinAndSync(this: ConsumerGroup): Promise<void> {
    await joinAndSync.call(this)
    if (this.memberId) memberIds.set(this.cluster, this.memberId)
  },
  async leave(this: ConsumerGroup): Promise<void> {
    await leave.call(this)
    memberIds.delete(this.cluster)
  },
  async recoverFromOffsetOutOfRange(this: ConsumerGroup, { topic, partition }: At): Promise<void> {
    const position = Number(this.offsetManager.resolvedOffsets[topic]?.[partition])
    const ranges = await this.cluster.fetchTopicsOffset([{ topic, fromBeginning: true, partitions: [{ partition }] }])
    const begin = ranges[0]?.partitions[0]?.offset
    // Sought to EARLIEST (-2), a partition is fetched from 0: kafkajs never asks where it begins.
    if (position < 0 && begin !== undefined) return this.seek({ topic, partition, offset: begin })
    const lost = new FreshetError(
      'DATA_LOST',
      `${topic}[${partition}]: wanted to go on at offset ${position}, but the log begins at ${begin} or ends before`,
    )
    throw Object.assign(lost, { retriable: false }) // what kafkajs looks at to give up
  },
})

interface ConnectingBroker {
  readonly connectionPool: { destroy(): Promise<void> }
  connect(): Promise<void>
}
const { connect: connectBroker } = (require(`${SOURCE}broker/index`) as { prototype: ConnectingBroker }).prototype
patch('broker/index', {
  async connect(this: ConnectingBroker): Promise<void> {
    try {
      await connectBroker.call(this)
    } catch (error) {
      await this.connectionPool.destroy()
      throw error
    }
  },
})

/** Puts our own export where kafkajs will look for its module. */
function replace(path: string, exports: unknown): void {
  const id = require.resolve(`${SOURCE}${path}`)
  require(id) // the cache entry, with all its fields, comes from Node itself
  const entry = require.cache[id]
  if (!entry) throw new Error(`kafkajs has no module ${path}`)
  entry.exports = exports
}

/** Replaces methods of a class; each must be there, so an upgrade which renames one does not go unnoticed. */
function patch(path: string, methods: Record<string, unknown>): void {
  const { prototype } = require(`${SOURCE}${path}`) as { prototype: Record<string, unknown> }
  for (const name of Object.keys(methods)) {
    if (typeof prototype[name] !== 'function') throw new Error(`kafkajs has no method ${name} in ${path}`)
  }
  Object.assign(prototype, methods)
}
