/**
 * Mends kafkajs 2.2.4 before it is loaded: import this module first, and kafkajs only through `client.ts`.
 *
 * 1. `consumer/batch` and `consumer/filterAbortedMessages`: the abort filter, and batches which cover only control or
 *    aborted records reach the handler like any other (see `fetched-batch.ts`).
 * 2. `fetch/v4/decodeMessages`: tells where the fetched data end. Compaction leaves record batches without records; a
 *    consumer that meets nothing else up to the end of a segment would ask for them for ever.
 * 3. `network/requestQueue`: no timer where nothing waits; a negative one is 1 ms on Node 24, for ever, with a warning.
 * 4. `producer/groupMessagesPerPartition`: linear in the messages; it copied the whole group for each message.
 * 5. `recordBatch/v0` and its `record/v0`: encoded in one pass, half the CPU of a large commit.
 * 6. `ConsumerGroup.recoverFromOffsetOutOfRange`: a consumer that was sent to the beginning goes to where it is now; any
 *    position outside of the log ends it with DATA_LOST. It committed the default offset and went on in silence.
 * 7. `ConsumerGroup.connect`, `joinAndSync`, `leave`: a consumer that restarts after it lost its broker comes back as the
 *    member it was. As a new one it waits until the session of its former self has run out.
 * 8. `Cluster.findGroupCoordinator`: asked at most once a second for a transactional id; it was asked twice a commit.
 * 9. `Cluster.retry`: how InitProducerId is retried, which kafkajs reads and never sets. The transaction of the owner
 *    before is ended within milliseconds; the default sleeps 300.
 */
import { createRequire } from 'node:module'
import type { RetryOptions } from 'kafkajs'
import { FreshetError } from '../../schemas/errors.ts'
import { decodeMessages } from './decode-messages.ts'
import { FetchedBatch, visibleMessages } from './fetched-batch.ts'
import { encodeRecord, recordBatchV0 } from './record-batch.ts'

const require = createRequire(import.meta.url)

const SOURCE = 'kafkajs/src/'
if (require.cache[require.resolve(`${SOURCE}index.js`)]) throw new Error('kafkajs was loaded before its patches')

const manifest = require('kafkajs/package.json') as { version: string }
if (manifest.version !== '2.2.4') throw new Error(`the patches are for kafkajs 2.2.4, not ${manifest.version}`)

replace('consumer/filterAbortedMessages', visibleMessages)
replace('consumer/batch', FetchedBatch)
replace('protocol/requests/fetch/v4/decodeMessages', decodeMessages)
replace('protocol/recordBatch/v0', recordBatchV0)
replace('protocol/recordBatch/record/v0', encodeRecord)
replace('producer/groupMessagesPerPartition', groupMessagesPerPartition)

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
interface Cluster {
  fetchTopicsOffset(
    topics: { topic: string; fromBeginning: true; partitions: { partition: number }[] }[],
  ): Promise<{ partitions: { offset: string }[] }[]>
}
const group = (require(`${SOURCE}consumer/consumerGroup`) as { prototype: ConsumerGroup }).prototype
const { connect, joinAndSync, leave } = group
/** A restart makes a new ConsumerGroup on the same cluster. */
const memberIds = new WeakMap<Cluster, string>()
patch('consumer/consumerGroup', {
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

interface Broker {
  isConnected(): boolean
}
type Asked = { groupId: string; coordinatorType?: number }
const TRANSACTION = 1
const COORDINATOR_FOR_MS = 1000
const coordinators = new WeakMap<object, { id: string; broker: Broker; untilMs: number }>()
const clusterOf = require(`${SOURCE}cluster`) as {
  prototype: { findGroupCoordinator(asked: Asked): Promise<Broker>; retry?: RetryOptions }
}
if ('retry' in clusterOf.prototype) throw new Error('kafkajs has a Cluster.retry of its own')
clusterOf.prototype.retry = { initialRetryTime: 10, maxRetryTime: 200, retries: 20 }
const { findGroupCoordinator } = clusterOf.prototype
patch('cluster', {
  async findGroupCoordinator(this: object, asked: Asked): Promise<Broker> {
    if (asked.coordinatorType !== TRANSACTION) return findGroupCoordinator.call(this, asked)
    const known = coordinators.get(this)
    if (known?.id === asked.groupId && Date.now() < known.untilMs && known.broker.isConnected()) return known.broker
    const broker = await findGroupCoordinator.call(this, asked)
    coordinators.set(this, { id: asked.groupId, broker, untilMs: Date.now() + COORDINATOR_FOR_MS })
    return broker
  },
})

type Grouping<M> = {
  topic: string
  partitionMetadata: readonly unknown[]
  messages: readonly M[]
  partitioner(on: { topic: string; partitionMetadata: readonly unknown[]; message: M }): number
}
/** @returns partition → its messages, in order */
function groupMessagesPerPartition<M>({ topic, partitionMetadata, messages, partitioner }: Grouping<M>) {
  const groups: Record<number, M[]> = {}
  if (partitionMetadata.length === 0) return groups
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message })
    const group = groups[partition]
    if (group) group.push(message)
    else groups[partition] = [message]
  }
  return groups
}

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
