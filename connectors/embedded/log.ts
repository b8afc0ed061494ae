/**
 * The log of one process in one directory, on LMDB: one partition a topic, one LMDB transaction a commit. Calls that
 * wait side by side share a transaction.
 *
 * What is acknowledged survives kill −9 and, with `durable`, power loss. Without it the commits of the last moments may be
 * missing after power loss, since the flush that each commit starts is not waited for by name; the log is whole either
 * way. It saves next to nothing: lmdb 3.5.6 answers after its fdatasync in both modes, as a trace shows.
 */
import { FreshetError } from '../../schemas/errors.ts'
import type {
  ConsumerOptions,
  LogConsumer,
  LogPort,
  OffsetRange,
  OutRecord,
  TopicPartition,
  TopicSettings,
  Transactor,
} from '../../topology/log-port.ts'
import { settingsProblems } from '../../topology/topic-settings.ts'
import { EmbeddedConsumer } from './consumer.ts'
import { orDiskFull } from './disk-full.ts'
import { clean, purge } from './housekeeping.ts'
import { EmbeddedStore, type StoredTopic, type TopicState } from './store.ts'
import { EmbeddedTransactor } from './transactor.ts'
import { type Draft, EmbeddedWriter } from './writer.ts'

export interface EmbeddedLogOptions {
  /** Made where it is missing. */
  readonly directory: string
  /** ms since the epoch; the append time of records. Default Date.now */
  readonly now?: () => number
  /** Waits for the disk before it acknowledges. Default true */
  readonly durable?: boolean
  /**
   * Reads what is committed at this moment, whether or not another process holds the directory, and writes nothing. While
   * it is open the pages it may still read are not used again, so the file of a busy log grows. Default false
   */
  readonly isReader?: boolean
}

const CLEAN_EVERY_MS = 60_000

export class EmbeddedLog implements LogPort {
  readonly #store: EmbeddedStore
  readonly #writer: EmbeddedWriter
  readonly #now: () => number
  readonly #holders = new Map<string, EmbeddedTransactor>()
  /** In order of joining: the first of a group has its partitions. */
  readonly #consumers = new Set<EmbeddedConsumer>()
  #cleanedMs: number
  #cleaning: Promise<void> = Promise.resolve()
  #isClosed = false

  /**
   * @throws FreshetError DIRECTORY_IN_USE while another log, here or in another process, holds the directory;
   * STATE_MISMATCH where another version of Freshet wrote it in another layout; DISK_FULL
   */
  static async open(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    const { directory, now = Date.now, durable = true, isReader = false } = options
    const log = new EmbeddedLog(openStore(directory, { isDurable: durable, isReader }), now)
    if (!isReader) await clean(log.#store, log.#writer, now())
    return log
  }

  private constructor(store: EmbeddedStore, now: () => number) {
    this.#store = store
    this.#now = now
    this.#cleanedMs = now()
    this.#writer = new EmbeddedWriter(store, now, topic => this.#onAppend(topic))
  }

  async ensureTopics(settings: readonly TopicSettings[]): Promise<readonly string[]> {
    this.#check()
    const problems = settings.flatMap(wanted => [
      ...settingsProblems(wanted, this.#store.topics.get(wanted.name)?.settings),
      ...(wanted.partitions > 1 ? [`${wanted.name}: partitions: wanted ${wanted.partitions}, this log has 1`] : []),
    ])
    if (problems.length > 0) throw new FreshetError('TOPIC_MISMATCH', problems.join('\n'))
    const created: StoredTopic[] = []
    await this.#writer.submit(draft => {
      for (const one of settings) {
        if (this.#store.topics.has(one.name) || created.some(({ settings: { name } }) => name === one.name)) continue
        const { name, partitions, cleanup, retentionMs, appendTime } = one
        const id = this.#store.topics.size + created.length + 1
        const kept = { name, partitions, cleanup, retentionMs, appendTime }
        created.push({ id, settings: kept, begin: 0 })
      }
      for (const topic of created) draft.create(topic)
    })
    return created.map(topic => topic.settings.name)
  }

  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    this.#check()
    const { begin, next } = this.#topic(topic)
    return [{ begin, end: next }]
  }

  async produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    this.#check()
    let last: ReadonlyMap<string, number> = new Map()
    await this.#writer.submit(draft => {
      last = this.#append(draft, records)
    })
    return last
  }

  async transactor(id: string): Promise<Transactor> {
    this.#check()
    const transactor = new EmbeddedTransactor(id, this.#holders, this.#writer, (draft, records) =>
      this.#append(draft, records),
    )
    // A commit of the older holder may be under way: after this it is in or refused.
    await this.#writer.submit(() => {})
    return transactor
  }

  /** Deletes the records before `beforeOffset`; a stream's only, as a table is kept by key. */
  async purge(at: TopicPartition, beforeOffset: number): Promise<void> {
    this.#check()
    const topic = this.#topic(at.topic)
    if (topic.settings.cleanup === 'compact') throw new Error(`${at.topic}: wanted a stream to purge, got a table`)
    await purge(this.#writer, topic, beforeOffset)
  }

  /** Retention and expired tombstones; it happens by itself at open and with commits at most once a minute. */
  async clean(): Promise<void> {
    this.#check()
    this.#cleanedMs = this.#now()
    this.#cleaning = this.#cleaning.then(() => clean(this.#store, this.#writer, this.#cleanedMs))
    await this.#cleaning
  }

  async consume(options: ConsumerOptions): Promise<LogConsumer> {
    this.#check()
    for (const topic of options.topics) this.#topic(topic)
    const consumer = new EmbeddedConsumer(this.#store, this.#writer, options, () => this.#onEnd(consumer))
    this.#consumers.add(consumer)
    // A turn later, so that this call has resolved before the first `onAssign`.
    const { group } = options
    setImmediate(() => consumer.assign(group === null || this.#ownerOf(group) === consumer))
    return consumer
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()))
    await this.#cleaning.catch(() => undefined)
    await this.#writer.settled()
    await this.#store.close()
  }

  #append(draft: Draft, records: readonly OutRecord[]): ReadonlyMap<string, number> {
    const topics = records.map(record => this.#topicOf(record))
    const last = new Map<string, number>()
    records.forEach((record, index) => {
      const topic = topics[index]
      if (topic) last.set(`${record.topic}/0`, draft.append(topic, record))
    })
    return last
  }

  /** @throws where the record cannot be appended */
  #topicOf(record: OutRecord): TopicState {
    const topic = this.#topic(record.topic)
    if (record.partition !== 0)
      throw new Error(`wanted ${record.topic}[${record.partition}], this log has partition 0 only`)
    if (!record.key && topic.settings.cleanup === 'compact') {
      throw new Error(`${record.topic}[0]: wanted a key in every record of a table, got null`)
    }
    return topic
  }

  #topic(name: string): TopicState {
    const topic = this.#store.topics.get(name)
    if (topic) return topic
    throw new FreshetError('TOPIC_MISMATCH', `wanted topic ${name}, the log has none of that name`)
  }

  #onAppend(topic: TopicState): void {
    for (const consumer of this.#consumers) consumer.wake(topic.settings.name)
    if (this.#isClosed || this.#now() - this.#cleanedMs < CLEAN_EVERY_MS) return
    // What fails is tried again in a minute; a disk that takes no deletions takes no commits either, and those tell.
    this.clean().catch(() => undefined)
  }

  #onEnd(consumer: EmbeddedConsumer): void {
    const { group } = consumer
    const wasOwner = group !== null && this.#ownerOf(group) === consumer
    this.#consumers.delete(consumer)
    if (group !== null && wasOwner && !this.#isClosed) this.#ownerOf(group)?.assign(true)
  }

  #ownerOf(group: string): EmbeddedConsumer | undefined {
    for (const consumer of this.#consumers) if (consumer.group === group) return consumer
    return undefined
  }

  #check(): void {
    if (this.#isClosed) throw new Error('the log is closed')
  }
}

function openStore(directory: string, options: { isDurable: boolean; isReader: boolean }): EmbeddedStore {
  try {
    return new EmbeddedStore(directory, options)
  } catch (error) {
    throw orDiskFull(error, directory)
  }
}
