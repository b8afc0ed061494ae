import type { Admin } from 'kafkajs'
import { FreshetError } from '../../schemas/errors.ts'
import type { OffsetRange, TopicPartition, TopicSettings } from '../../topology/log-port.ts'
import { isAway, reasonOf } from './causes.ts'
import { kafkajs } from './client.ts'

const DAY_MS = 86_400_000
/** For five seconds. */
const METADATA_TRIES = 250
const METADATA_WAIT_MS = 20

/** What a topic must be set to, where anything else would change what Freshet means by it. */
const required = (settings: TopicSettings): Record<string, string> => ({
  'cleanup.policy': settings.cleanup,
  'message.timestamp.type': settings.appendTime ? 'LogAppendTime' : 'CreateTime',
  ...(settings.cleanup === 'delete' ? { 'retention.ms': String(settings.retentionMs) } : {}),
})

/**
 * What a new table gets besides. The open segment is never compacted, so it must not grow for a week; tombstones stay for
 * a day, which is as long as a reader may be behind.
 */
const COMPACTION = {
  'segment.bytes': String(64 * 1024 * 1024),
  'segment.ms': String(DAY_MS),
  'min.cleanable.dirty.ratio': '0.3',
  'delete.retention.ms': String(DAY_MS),
}

/**
 * Creates what is missing.
 * @returns the names created here
 * @throws FreshetError TOPIC_MISMATCH naming every difference; KAFKA_UNAVAILABLE where the brokers do not answer in time
 */
export async function ensureTopics(admin: Admin, settings: readonly TopicSettings[]): Promise<string[]> {
  try {
    return settings.length === 0 ? [] : await created(admin, settings)
  } catch (error) {
    if (!isAway(error) && !isUnsettled(error)) throw error
    const message = `the brokers do not answer in time: ${reasonOf(error)}`
    throw new FreshetError('KAFKA_UNAVAILABLE', message, { cause: error })
  }
}

async function created(admin: Admin, settings: readonly TopicSettings[]): Promise<string[]> {
  const standing = new Set(await admin.listTopics())
  const ours = await createAll(
    admin,
    settings.filter(({ name }) => !standing.has(name)),
  )

  const differences = await differencesOf(admin, settings)
  if (differences.length > 0) {
    throw new FreshetError('TOPIC_MISMATCH', `topics stand with other settings: ${differences.join('; ')}`)
  }
  return ours
}

/** One request a topic, since an answer for many does not say which of them another process was faster with. */
async function createAll(admin: Admin, missing: readonly TopicSettings[]): Promise<string[]> {
  if (missing.length === 0) return []
  const { brokers } = await admin.describeCluster()
  const isOurs = await Promise.all(missing.map(topic => create(admin, topic, brokers.length)))
  return missing.flatMap(({ name }, index) => (isOurs[index] ? [name] : []))
}

/**
 * A broker that has just come back, or is too busy to say so, is not counted for a moment, and no factor is valid then.
 * @returns false where another process was faster; what it made is checked like any other
 */
async function create(admin: Admin, topic: TopicSettings, brokerCount: number): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await createOnce(admin, topic, brokerCount)
    } catch (error) {
      const errors = error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : []
      const isPassing = errors.length > 0 && errors.every(one => one.type === 'INVALID_REPLICATION_FACTOR')
      if (!isPassing || tries === METADATA_TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, METADATA_WAIT_MS))
    }
  }
}

async function createOnce(admin: Admin, topic: TopicSettings, brokerCount: number): Promise<boolean> {
  const config = { ...required(topic), ...(topic.cleanup === 'compact' ? COMPACTION : {}) }
  return admin.createTopics({
    waitForLeaders: false, // its wait gives up at once where a broker has not heard of the topic yet; withMetadata does not
    topics: [
      {
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: Math.min(3, brokerCount),
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      },
    ],
  })
}

/** @param settings - of topics that exist. @returns a sentence for every setting that is not as wanted */
export async function differencesOf(admin: Admin, settings: readonly TopicSettings[]): Promise<string[]> {
  const { topics } = await withMetadata(() => admin.fetchTopicMetadata({ topics: settings.map(({ name }) => name) }))
  const partitions = new Map(topics.map(topic => [topic.name, topic.partitions.length]))
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: settings.map(topic => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic.name,
      configNames: Object.keys(required(topic)),
    })),
  })
  const configs = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      configEntries.map(({ configName, configValue }): [string, string] => [configName, configValue]),
    ]),
  )
  return settings.flatMap(topic => {
    const has: Record<string, string | undefined> = {
      ...Object.fromEntries(configs.get(topic.name) ?? []),
      partitions: String(partitions.get(topic.name)),
    }
    return Object.entries({ partitions: String(topic.partitions), ...required(topic) })
      .filter(([name, wanted]) => has[name] !== wanted)
      .map(([name, wanted]) => `${topic.name}: ${name}: wanted ${wanted}, got ${has[name]}`)
  })
}

const NOT_THERE_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'])

/** @returns topic → its number of partitions. @throws FreshetError TOPIC_MISMATCH naming what does not exist */
export async function partitionCounts(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const standing = new Set(await admin.listTopics()) // asking for a topic that is not there is retried for seconds
  const missing = topics.filter(topic => !standing.has(topic))
  if (missing.length > 0) throw new FreshetError('TOPIC_MISMATCH', `no such topic: ${missing.join(', ')}`)
  const metadata = await withMetadata(() => admin.fetchTopicMetadata({ topics: [...topics] }))
  return new Map(metadata.topics.map(({ name, partitions }) => [name, partitions.length]))
}

/**
 * @returns by partition: the first offset still there, and the last stable offset. That is where a record batch begins or
 *   would begin, and a batch's `nextOffset` counts control records, so a reader of committed records arrives there.
 */
export async function offsetRanges(admin: Admin, topic: string): Promise<OffsetRange[]> {
  await partitionCounts(admin, [topic])
  // kafkajs's admin asks with read_committed, so `high` is the last stable offset and not the high watermark.
  const ranges = await withMetadata(() => admin.fetchTopicOffsets(topic))
  return ranges
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ low, high }) => ({ begin: Number(low), end: Number(high) }))
}

/** A broker has not heard yet of a topic, or it has no leader. */
const isUnsettled = (error: unknown): boolean => NOT_THERE_YET.has((error as { type?: string }).type ?? '')

/**
 * A broker may not have heard yet of a topic that was just created. And two questions at once replace each other's metadata
 * in kafkajs's cluster: the one whose topic is missing then dies of a TypeError, in `admin/index.js`. Asked again it is there.
 */
async function withMetadata<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      const isPassing = error instanceof TypeError || isUnsettled(error)
      if (!isPassing || tries === METADATA_TRIES) throw error
      await new Promise(resolve => setTimeout(resolve, METADATA_WAIT_MS))
    }
  }
}

/** Forgets the records before an offset; one past the end means up to the end. Only for topics that are not compacted. */
export async function purge(admin: Admin, { topic, partition }: TopicPartition, beforeOffset: number): Promise<void> {
  const range = (await offsetRanges(admin, topic))[partition]
  if (!range) throw new Error(`no such partition: ${topic}/${partition}`)
  if (beforeOffset <= range.begin) return
  const offset = String(Math.min(beforeOffset, range.end))
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset }] })
}
