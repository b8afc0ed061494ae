/**
 * Copies the sources of a namespace, interactions, items and users, into another with another number of partitions. The order
 * of each key is kept, since a key lies in one partition before and after, and a header carries the append time that admission goes by.
 *
 * How far it came stands in `reshard.v1` of the new namespace, source topic and partition → next offset, written in one transaction with
 * the copies: it can be stopped at any moment, and a later call copies what has come in since.
 */
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { LogPort, LogRecord, OutRecord, TopicPartition, Transactor } from '../topology/log-port.ts'
import { RangeReader } from '../topology/range-reader.ts'
import { APPENDED_AT_HEADER, appendedAtMs } from '../topology/record-headers.ts'
import { settingsOf } from '../topology/runner.ts'

/** Name of the table of how far it came, without namespace. */
export const RESHARD = 'reshard.v1'
const COPIED = [topics.items, topics.users, topics.interactions] as const

/** Records of one transaction. */
const BATCH = 1_000

export interface ReshardOptions {
  readonly log: LogPort
  /** Namespaces. */
  readonly from: string
  readonly to: string
  /** Of the topics of the new namespace. */
  readonly partitions: number
  /** Transactional id: of two at work at the same time the older one is fenced. */
  readonly lease: string
  readonly signal?: AbortSignal
  /** Offsets of the source copied so far, of all there were when it began. */
  onProgress(done: number, total: number): void
}

export interface ReshardResult {
  /** Topic → records copied by this call. */
  readonly copied: Readonly<Record<string, number>>
  /** Records that lay in a partition their key does not belong to: the source has set them aside, and so would not the copy. */
  readonly misplaced: number
  /** False where the signal ended it. */
  readonly isWhole: boolean
}

/**
 * @throws FreshetError TOPIC_MISMATCH where the new namespace stands with other partitions, or there is no old one;
 *   INVALID_CONFIG where it holds what this copy did not bring. FencedError where another one began meanwhile
 */
export async function reshard(options: ReshardOptions): Promise<ReshardResult> {
  const { log, to, partitions, lease, from, signal } = options
  const table = topicName({ name: RESHARD }, to)
  for (const topic of COPIED) await log.offsets(topicName(topic, from)) // before anything is created
  const progress = { name: table, partitions, cleanup: 'compact', retentionMs: -1, appendTime: false } as const
  await log.ensureTopics([...COPIED.map(topic => settingsOf(topic, to, partitions)), progress])
  // Before the progress is read: an older copy can write nothing afterwards.
  const transactor = await log.transactor(lease)
  try {
    const reader = await RangeReader.open(log, [...COPIED.map(topic => topicName(topic, from)), table], signal)
    try {
      return await new Copy(options, reader, transactor, table).run()
    } finally {
      await reader.close()
    }
  } finally {
    await transactor.close()
  }
}

class Copy {
  readonly #o: ReshardOptions
  readonly #reader: RangeReader
  readonly #transactor: Transactor
  readonly #table: string
  readonly #copied: Record<string, number> = {}
  #waiting: OutRecord[] = []
  #misplaced = 0
  /** Set aside in the batch that waits. */
  #skipped = 0

  constructor(options: ReshardOptions, reader: RangeReader, transactor: Transactor, table: string) {
    this.#o = options
    this.#reader = reader
    this.#transactor = transactor
    this.#table = table
  }

  async run(): Promise<ReshardResult> {
    const { signal } = this.#o
    try {
      const reached = await this.#readProgress()
      if (reached.size === 0) await this.#checkEmpty()
      await this.#copyAll(reached)
    } catch (error) {
      if (!signal?.aborted) throw error
    }
    return { copied: this.#copied, misplaced: this.#misplaced, isWhole: !signal?.aborted }
  }

  async #copyAll(reached: ReadonlyMap<string, number>): Promise<void> {
    const { log, from, onProgress } = this.#o
    const parts: { at: TopicPartition; of: number; from: number; end: number }[] = []
    for (const topic of COPIED) {
      const name = topicName(topic, from)
      const ranges = await log.offsets(name)
      for (const [partition, { begin, end }] of ranges.entries()) {
        const known = reached.get(`${name}/${partition}`)
        if (known !== undefined && known < begin)
          throw new FreshetError(
            'DATA_LOST',
            `wanted ${name}[${partition}] from offset ${known}, the log begins at ${begin}`,
          )
        parts.push({ at: { topic: name, partition }, of: ranges.length, from: known ?? begin, end })
      }
    }
    const total = parts.reduce((sum, { end, from: start }) => sum + end - start, 0)
    let before = 0
    for (const { at, of, from: start, end } of parts) {
      const target = topicName({ name: baseName(at.topic, from) }, this.#o.to)
      let next = start
      await this.#reader.read(at, { from: start, end }, async (records, nextOffset) => {
        for (const record of records) this.#take(record, of, target)
        next = nextOffset
        if (this.#waiting.length >= BATCH) await this.#commit(at, next)
        onProgress(before + next - start, total)
      })
      if (next > start) await this.#commit(at, next)
      before += end - start
    }
  }

  #take(record: LogRecord, partitionsBefore: number, target: string): void {
    const { key, value, headers, partition } = record
    if (key !== null && partitionOf(key, partitionsBefore) !== partition) {
      this.#skipped++
      return
    }
    const { partitions } = this.#o
    this.#waiting.push({
      topic: target,
      partition: key === null ? partition % partitions : partitionOf(key, partitions),
      key,
      value,
      headers: { ...headers, [APPENDED_AT_HEADER]: Buffer.from(String(appendedAtMs(record))) },
    })
  }

  async #commit({ topic, partition }: TopicPartition, next: number): Promise<void> {
    const records = this.#waiting
    this.#waiting = []
    const { partitions, from } = this.#o
    const key = `${topic}/${partition}`
    const value = Buffer.from(JSON.stringify({ from, next }))
    const mark = { topic: this.#table, partition: partitionOf(key, partitions), key: Buffer.from(key), value }
    await this.#transactor.commit([...records, mark])
    this.#copied[topic] = (this.#copied[topic] ?? 0) + records.length
    this.#misplaced += this.#skipped
    this.#skipped = 0
  }

  /** @returns `source topic/partition` → next offset to copy */
  async #readProgress(): Promise<Map<string, number>> {
    const { from, to } = this.#o
    const reached = new Map<string, number>()
    await this.#reader.readTopic(this.#table, async records => {
      for (const { key, value } of records) {
        const mark = JSON.parse(value?.toString() ?? '') as { from: string; next: number }
        if (mark.from !== from)
          throw new FreshetError(
            'INVALID_CONFIG',
            `${to}: wanted a copy of namespace ${from}, it is one of ${mark.from}`,
          )
        reached.set(key?.toString() ?? '', mark.next)
      }
    })
    return reached
  }

  async #checkEmpty(): Promise<void> {
    const { log, to } = this.#o
    for (const topic of COPIED)
      for (const { begin, end } of await log.offsets(topicName(topic, to)))
        if (end > begin)
          throw new FreshetError(
            'INVALID_CONFIG',
            `${topicName(topic, to)}: wanted an empty topic, got one that holds records of its own; choose another namespace`,
          )
  }
}

const baseName = (name: string, namespace: string): string =>
  COPIED.find(topic => topicName(topic, namespace) === name)?.name ?? name
