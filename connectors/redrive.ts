/**
 * Drives records of `rejected.v1` in again: to the topic they came from, with their original bytes and, in a header, their
 * original append time, which is what admission goes by.
 *
 * What was driven is remembered in `redrives.v1`, a table with one key a record set aside, `generation/partition/offset` of
 * `rejected.v1`; the mark and the record itself are written in one transaction. So a record is driven once, whatever ends the
 * process and whatever else was asked for before. A record that is refused again stands in `rejected.v1` anew, marked as driven
 * before, and is left out unless asked for. The generation is that of the topic: its offsets start over when it is created anew.
 */
import type { Interaction } from '../schemas/interaction.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Rejected } from '../schemas/rejected.ts'
import { type Topic, topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import type { LogPort, LogRecord, OutRecord, TopicPartition, Transactor } from '../topology/log-port.ts'
import { RangeReader } from '../topology/range-reader.ts'
import { appendedAtMs, APPENDED_AT_HEADER, REDRIVEN_HEADER } from '../topology/record-headers.ts'

/** Name of the table of what was driven, without namespace. */
export const REDRIVES = 'redrives.v1'
/** Topics whose records can be driven in again. A frame of signals cannot: its counter has taken note of it. */
export const REDRIVABLE = [topics.interactions, topics.items] as const

/** Records of one transaction. */
const BATCH = 500

export interface RedriveOptions {
  readonly log: LogPort
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
  /** Of `rejected.v1`, see `topology/incarnations.ts`. */
  readonly generation: number
  /** Transactional id: of two at work at the same time the older one is fenced. */
  readonly lease: string
  readonly code: string
  /** Only records that came from this topic. */
  readonly source?: Topic<unknown> | undefined
  /** Only what was set aside at this time or later, ms since the epoch. */
  readonly sinceMs?: number | undefined
  /** At most so many. */
  readonly limit?: number | undefined
  /** Also what was driven in before and was refused again. */
  readonly isAgain?: boolean
  /** Says what it would do. */
  readonly isDryRun?: boolean
  readonly signal?: AbortSignal
  /** Records of `rejected.v1` looked at, of those there were when it began, in offsets. */
  onProgress(done: number, total: number): void
}

/** Why a record that was asked for was left out. */
export type LeftOut =
  | 'driven before'
  | 'refused again'
  | 'bytes at its source only'
  | 'a frame of signals'
  | 'newer value'

export interface RedriveResult {
  /** Source topic → records driven, or that would be. */
  readonly driven: Readonly<Record<string, number>>
  readonly leftOut: Readonly<Partial<Record<LeftOut, number>>>
}

/** @throws FencedError where another redrive of the namespace began meanwhile; what was driven before stays so */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const { log, nameOf, isDryRun = false, lease, signal } = options
  const rejected = nameOf(topics.rejected)
  const marks = { topic: nameOf({ name: REDRIVES }), partitions: (await log.offsets(rejected)).length }
  const settings = { name: marks.topic, cleanup: 'compact', retentionMs: -1, appendTime: false } as const
  if (!isDryRun) await log.ensureTopics([{ ...settings, partitions: marks.partitions }])
  // Before the marks are read: an older redrive can write none afterwards.
  const transactor = isDryRun ? undefined : await log.transactor(lease)
  try {
    const reader = await RangeReader.open(log, [rejected, nameOf(topics.items)], signal)
    try {
      return await new Redrive(options, reader, transactor, marks).run()
    } finally {
      await reader.close()
    }
  } finally {
    await transactor?.close()
  }
}

class Redrive {
  readonly #o: RedriveOptions
  readonly #reader: RangeReader
  readonly #transactor: Transactor | undefined
  readonly #marks: { readonly topic: string; readonly partitions: number }
  readonly #driven: Record<string, number> = {}
  readonly #leftOut: Partial<Record<LeftOut, number>> = {}
  readonly #partitions = new Map<string, number>()
  #known = new Set<string>()
  #newest: ReadonlyMap<string, number> = new Map()
  #waiting: { records: OutRecord[]; sources: string[] } = { records: [], sources: [] }
  #left: number

  constructor(
    options: RedriveOptions,
    reader: RangeReader,
    transactor: Transactor | undefined,
    marks: { readonly topic: string; readonly partitions: number },
  ) {
    this.#o = options
    this.#reader = reader
    this.#transactor = transactor
    this.#marks = marks
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
  }

  async run(): Promise<RedriveResult> {
    const { log, nameOf, signal, onProgress } = this.#o
    for (const topic of REDRIVABLE) this.#partitions.set(nameOf(topic), (await log.offsets(nameOf(topic))).length)
    this.#known = await this.#readMarks()
    if ((this.#o.source?.name ?? topics.items.name) === topics.items.name) this.#newest = await this.#newestItems()
    try {
      await this.#reader.readTopic(nameOf(topics.rejected), records => this.#take(records), onProgress)
    } catch (error) {
      if (!signal?.aborted) throw error
    }
    await this.#send()
    return { driven: this.#driven, leftOut: this.#leftOut }
  }

  async #take(records: readonly LogRecord[]): Promise<void> {
    const { wire, nameOf, code, source, sinceMs = 0, signal } = this.#o
    await wire.prepare(records.map(record => record.value))
    const wanted = source && nameOf(source)
    for (const record of records) {
      if (this.#left === 0 || signal?.aborted) return
      const rejected = wire.decode<Rejected>(topics.rejected, record.value)
      if (rejected.code !== code || record.timestampMs < sinceMs) continue
      if (wanted !== undefined && rejected.topic !== wanted) continue
      const why = this.#whyNot(rejected, record)
      if (why) this.#leftOut[why] = (this.#leftOut[why] ?? 0) + 1
      else await this.#drive(rejected, record)
    }
  }

  #whyNot(rejected: Rejected, at: TopicPartition & { readonly offset: number }): LeftOut | undefined {
    if (!this.#partitions.has(rejected.topic)) return 'a frame of signals'
    if (this.#known.has(this.#markOf(at))) return 'driven before'
    if (rejected.redriven > 0 && !this.#o.isAgain) return 'refused again'
    if (rejected.topic === this.#o.nameOf(topics.items)) {
      const newestMs = this.#newest.get(rejected.key?.toString() ?? '') ?? 0
      if (newestMs > rejected.appendedAtMs) return 'newer value'
      return rejected.key === null ? 'bytes at its source only' : undefined // a tombstone has no value
    }
    return rejected.value === null ? 'bytes at its source only' : undefined
  }

  async #drive(rejected: Rejected, at: TopicPartition & { readonly offset: number }): Promise<void> {
    const { topic, appendedAtMs: atMs, redriven } = rejected
    const key = await this.#keyOf(rejected)
    const partition = key === null ? rejected.partition : partitionOf(key, this.#partitions.get(topic) ?? 1)
    const headers = { [APPENDED_AT_HEADER]: text(atMs), [REDRIVEN_HEADER]: text(redriven + 1) }
    this.#waiting.records.push({ topic, partition, key, value: rejected.value, headers })
    const mark = this.#markOf(at)
    this.#waiting.records.push({
      topic: this.#marks.topic,
      partition: partitionOf(mark, this.#marks.partitions),
      key: Buffer.from(mark),
      value: text(atMs),
    })
    this.#waiting.sources.push(topic)
    this.#left--
    if (this.#waiting.sources.length >= BATCH) await this.#send()
  }

  async #send(): Promise<void> {
    const { records, sources } = this.#waiting
    this.#waiting = { records: [], sources: [] }
    if (records.length === 0) return
    await this.#transactor?.commit(records)
    for (const source of sources) this.#driven[source] = (this.#driven[source] ?? 0) + 1
  }

  /** Of a misplaced interaction the visitor; of any other record its own key, since its value must follow the values before it. */
  async #keyOf({ topic, code, key, value }: Rejected): Promise<Buffer | null> {
    const { wire, nameOf } = this.#o
    if (code !== 'MISPLACED_KEY' || topic !== nameOf(topics.interactions)) return key
    await wire.prepare([value])
    try {
      const { userId, anonymousId } = wire.decode<Interaction>(topics.interactions, value)
      const visitor = userId ?? anonymousId
      return visitor === null ? key : Buffer.from(visitor)
    } catch {
      return key // in the partition of its key it will be refused for what cannot be read
    }
  }

  #markOf({ partition, offset }: TopicPartition & { readonly offset: number }): string {
    return `${this.#o.generation}/${partition}/${offset}`
  }

  async #readMarks(): Promise<Set<string>> {
    const known = new Set<string>()
    const { log, isDryRun, signal } = this.#o
    if (isDryRun && !(await exists(log, this.#marks.topic))) return known
    const reader = await RangeReader.open(log, [this.#marks.topic], signal)
    try {
      await reader.readTopic(this.#marks.topic, async records => {
        for (const { key } of records) known.add(key?.toString() ?? '')
      })
    } finally {
      await reader.close()
    }
    return known
  }

  /** Item → append time of its newest record, ms. */
  async #newestItems(): Promise<Map<string, number>> {
    const newest = new Map<string, number>()
    await this.#reader.readTopic(this.#o.nameOf(topics.items), async records => {
      for (const record of records) {
        const key = record.key?.toString() ?? ''
        newest.set(key, Math.max(newest.get(key) ?? 0, appendedAtMs(record)))
      }
    })
    return newest
  }
}

const text = (number: number): Buffer => Buffer.from(String(number))

async function exists(log: LogPort, topic: string): Promise<boolean> {
  try {
    await log.offsets(topic)
    return true
  } catch {
    return false
  }
}

/** @returns code → records of `rejected.v1` */
export async function rejectedCodes(
  options: Pick<RedriveOptions, 'log' | 'wire' | 'nameOf' | 'signal' | 'onProgress'>,
): Promise<Map<string, number>> {
  const { log, wire, nameOf, signal, onProgress } = options
  const codes = new Map<string, number>()
  const reader = await RangeReader.open(log, [nameOf(topics.rejected)], signal)
  const count = async (records: readonly LogRecord[]) => {
    await wire.prepare(records.map(record => record.value))
    for (const { value } of records) {
      const { code } = wire.decode<Rejected>(topics.rejected, value)
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
  }
  try {
    await reader.readTopic(nameOf(topics.rejected), count, onProgress)
  } finally {
    await reader.close()
  }
  return codes
}
