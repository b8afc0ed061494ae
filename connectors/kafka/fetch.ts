/** Stands in for the `fetch` of kafkajs's ConsumerGroup. */
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from './ask.ts'
import { fetchRequest, type PartitionToFetch } from './fetch-request.ts'
import { FetchedBatch } from './fetched-batch.ts'
import { FrameWriter } from './frame.ts'
import type { Cluster } from './internals.ts'

interface Topic {
  readonly topic: string
  readonly partitions: readonly number[]
}
/** As much of kafkajs's ConsumerGroup as fetching takes. */
export interface FetchingGroup {
  readonly cluster: Cluster
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
  readonly subscriptionState: {
    assigned(): readonly Topic[]
    isPaused(topic: string, partition: number): boolean
  }
  readonly offsetManager: {
    committedOffsets(): Record<string, Record<number, string | null>>
    nextOffset(topic: string, partition: number): { toString(): string }
  }
  readonly seekOffset: { has(topic: string, partition: number): boolean }
  checkForStaleAssignment(): void
  filterPartitionsByNode(nodeId: string, assigned: readonly Topic[]): Topic[]
  seekOffsets(assigned: readonly Topic[]): Promise<void>
  recoverFromFetch(error: unknown): Promise<void>
}

/** How long a fetch waits for the first record, ms; also how soon a resumed partition is asked for at the latest. */
const MAX_WAIT_MS = 100
/** The same once nothing has come or been resumed for as many fetches: idling costs a fifth. */
const IDLE_WAIT_MS = 500
const IDLE_AFTER_FETCHES = 20
/** How soon it is noticed that a partition was resumed where all were paused, ms. */
const PAUSED_MS = 20

/** Of one node: between two fetches. */
interface Fetcher {
  frame: FrameWriter
  fetches: number
  /** Fetches in a row that brought nothing. */
  empty: number
  /** Partitions asked for last time. */
  asked: number
  /** For which the assignment was last compared with the topics. */
  metadata: object | null
}
const fetchers = new WeakMap<FetchingGroup, Map<string, Fetcher>>()

/** @returns what came of the partitions that are neither paused nor sought meanwhile; none that is empty */
export async function fetch(this: FetchingGroup, nodeId: string): Promise<FetchedBatch[]> {
  try {
    return await fetched(this, nodeId)
  } catch (error) {
    fetchers.get(this)?.delete(nodeId) // the request may still be on its way out
    await this.recoverFromFetch(error)
    return []
  }
}

async function fetched(group: FetchingGroup, nodeId: string): Promise<FetchedBatch[]> {
  const { cluster, subscriptionState, seekOffset, maxBytes, maxBytesPerPartition } = group
  const fetcher = fetcherOf(group, nodeId)
  await cluster.refreshMetadataIfNecessary()
  if (fetcher.metadata !== cluster.brokerPool.metadata) {
    group.checkForStaleAssignment()
    fetcher.metadata = cluster.brokerPool.metadata
  }
  const assigned = group.filterPartitionsByNode(nodeId, subscriptionState.assigned())
  await group.seekOffsets(assigned)
  const wanted = wantedOf(group, assigned)
  if (wanted.length === 0) {
    await delay(PAUSED_MS)
    return []
  }
  if (wanted.length !== fetcher.asked) fetcher.empty = 0
  fetcher.asked = wanted.length
  const maxWaitMs = fetcher.empty < IDLE_AFTER_FETCHES ? MAX_WAIT_MS : IDLE_WAIT_MS
  const request = fetchRequest({ maxWaitMs, maxBytes, maxBytesPerPartition }, rotated(wanted, fetcher.fetches++))
  const partitions = await ask(await cluster.findBroker({ nodeId }), request, fetcher.frame)
  const batches = partitions
    .filter(({ records }) => records.length > 0)
    .filter(
      ({ topic, partition }) => !seekOffset.has(topic, partition) && !subscriptionState.isPaused(topic, partition),
    )
    .map(partition => new FetchedBatch(partition))
    .filter(batch => !batch.isEmpty())
  fetcher.empty = batches.length === 0 ? fetcher.empty + 1 : 0
  return batches
}

function fetcherOf(group: FetchingGroup, nodeId: string): Fetcher {
  let byNode = fetchers.get(group)
  if (!byNode) {
    byNode = new Map()
    fetchers.set(group, byNode)
  }
  let fetcher = byNode.get(nodeId)
  if (!fetcher) {
    fetcher = { frame: new FrameWriter(), fetches: 0, empty: 0, asked: 0, metadata: null }
    byNode.set(nodeId, fetcher)
  }
  return fetcher
}

function wantedOf({ offsetManager, subscriptionState }: FetchingGroup, assigned: readonly Topic[]): PartitionToFetch[] {
  const committed = offsetManager.committedOffsets()
  const wanted: PartitionToFetch[] = []
  for (const { topic, partitions } of assigned) {
    for (const partition of partitions) {
      // Without a position yet it is being recovered.
      if (subscriptionState.isPaused(topic, partition) || (committed[topic]?.[partition] ?? null) === null) continue
      wanted.push({ topic, partition, fetchOffset: Number(offsetManager.nextOffset(topic, partition)) })
    }
  }
  return wanted
}

/** What stands first is served first where a fetch cannot take everything: each partition has its turn. */
function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % list.length
  return from === 0 ? list : [...list.slice(from), ...list.slice(0, from)]
}
