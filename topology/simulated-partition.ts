/**
 * One partition of the simulated log: offsets, control records, open transactions, last stable offset and the abort
 * index, kept the way a Kafka broker keeps them.
 */
import type { AbortedTransaction, withoutAborted } from './abort-filter.ts'
import type { LogRecord, OffsetRange, OutRecord, TopicSettings } from './log-port.ts'

/** Who writes: a producer id for each transactional id, undefined for plain produce. */
export interface Writer {
  readonly producerId: string
}

/** What became of a transaction in this partition: the truth, which readers have to find out by themselves. */
interface Outcome {
  readonly firstOffset: number
  is: 'open' | 'committed' | 'aborted'
}

interface Entry {
  readonly record: LogRecord
  readonly producerId: string | undefined
  readonly control: 'commit' | 'abort' | undefined
  /** Undefined for what is visible at once. */
  readonly outcome: Outcome | undefined
}

/** 'none' reads uncommitted: past the last stable offset, aborted records with the rest. */
export type AbortFilter = typeof withoutAborted | 'none'

export interface ReadingOptions {
  readonly filter: AbortFilter
  readonly onCommitted: ((record: LogRecord) => void) | undefined
}

interface Aborted extends AbortedTransaction {
  readonly markerOffset: number
}

export interface Read {
  readonly records: readonly LogRecord[]
  readonly nextOffset: number
  readonly isDrained: boolean
}

const NONE = Buffer.alloc(0)
const copy = (bytes: Buffer | null): Buffer | null => (bytes ? Buffer.from(bytes) : null)

export class SimulatedPartition {
  readonly #settings: TopicSettings
  readonly #partition: number
  #entries: Entry[] = []
  #begin = 0
  #next = 0
  #lastMs = 0
  readonly #options: ReadingOptions
  /** Producer id → its open transaction here. */
  readonly #open = new Map<string, Outcome>()
  /** Entries of which `onCommitted` has not been told. */
  #untold: Entry[] = []
  /** In order of the marker, as a broker's transaction index is. */
  #aborted: Aborted[] = []

  constructor(settings: TopicSettings, partition: number, options: ReadingOptions) {
    this.#settings = settings
    this.#partition = partition
    this.#options = options
  }

  get range(): OffsetRange {
    const end = this.#options.filter === 'none' ? this.#next : this.#stable
    return { begin: Math.min(this.#begin, end), end }
  }

  /** The last stable offset. */
  get #stable(): number {
    let stable = this.#next
    for (const { firstOffset } of this.#open.values()) stable = Math.min(stable, firstOffset)
    return stable
  }

  /** @throws where a table's record has no key */
  check(record: OutRecord): void {
    if (record.key || this.#settings.cleanup === 'delete') return
    throw new Error(`${record.topic}[${this.#partition}]: wanted a key in every record of a table, got null`)
  }

  append(out: OutRecord, nowMs: number, writer?: Writer): number {
    const headers = Object.fromEntries(
      Object.entries(out.headers ?? {}).map(([name, value]) => [name, Buffer.from(value)]),
    )
    return this.#push({
      record: this.#record(nowMs, copy(out.key), copy(out.value), headers),
      producerId: writer?.producerId,
      control: undefined,
      outcome: writer && this.#outcomeOf(writer),
    })
  }

  #outcomeOf({ producerId }: Writer): Outcome {
    const outcome = this.#open.get(producerId) ?? { firstOffset: this.#next, is: 'open' }
    this.#open.set(producerId, outcome)
    return outcome
  }

  /** Writes the control record, if the transaction has touched this partition. */
  end({ producerId }: Writer, control: 'commit' | 'abort', nowMs: number): void {
    const outcome = this.#open.get(producerId)
    if (outcome === undefined) return
    const { firstOffset } = outcome
    this.#open.delete(producerId)
    outcome.is = control === 'commit' ? 'committed' : 'aborted'
    const record = this.#record(nowMs, NONE, null, {})
    const markerOffset = this.#push({ record, producerId, control, outcome: undefined })
    if (control === 'abort') this.#aborted.push({ producerId, firstOffset, markerOffset })
  }

  /** @returns what a read_committed reader gets, undefined where nothing waits. @throws RangeError outside the log */
  read(offset: number, maxRecords: number): Read | undefined {
    const { begin, end } = this.range
    if (offset < begin || offset > this.#next) throw new RangeError(`offset ${offset} is not in ${begin} to ${end}`)
    if (offset >= end) return undefined
    const from = this.#indexOf(offset)
    const to = Math.min(from + maxRecords, this.#indexOf(end))
    const last = this.#entries[to]
    const nextOffset = last && last.record.offset < end ? last.record.offset : end
    const aborted = this.#aborted.filter(one => one.markerOffset >= offset && one.firstOffset < nextOffset)
    return { records: this.#visible(this.#entries.slice(from, to), aborted), nextOffset, isDrained: nextOffset === end }
  }

  /** @throws for a table, which is kept by key */
  purge(beforeOffset: number): void {
    const { cleanup, name } = this.#settings
    if (cleanup === 'compact') throw new Error(`${name}: wanted a stream to purge, got a table`)
    this.deleteRecords(beforeOffset)
  }

  /** Oldest records go; nothing before `offset` can be read again. Never past the last stable offset. */
  deleteRecords(offset: number): void {
    this.#begin = Math.max(this.#begin, Math.min(offset, this.range.end))
    this.#entries = this.#entries.slice(this.#indexOf(this.#begin))
    this.#aborted = this.#aborted.filter(one => one.markerOffset >= this.#begin)
  }

  applyRetention(nowMs: number): void {
    const { cleanup, retentionMs } = this.#settings
    if (cleanup === 'compact' || retentionMs < 0) return
    const kept = this.#entries.find(entry => entry.record.timestampMs > nowMs - retentionMs)
    this.deleteRecords(kept?.record.offset ?? this.#next)
  }

  /**
   * Keeps the newest committed record of each key below the last stable offset, and drops control records and aborted
   * records. `begin` stays where it was, as in Kafka: offsets get gaps.
   * @param tombstones - 'drop' is a log whose delete.retention.ms has run out
   */
  compact(tombstones: 'keep' | 'drop'): void {
    if (this.#settings.cleanup !== 'compact') return
    const split = this.#indexOf(this.#stable)
    const newest = new Map<string, LogRecord>()
    for (const { record, control, outcome } of this.#entries.slice(0, split)) {
      if (!control && outcome?.is !== 'aborted') newest.set(record.key?.toString('latin1') ?? '', record)
    }
    const kept = new Set([...newest.values()].filter(record => record.value || tombstones === 'keep'))
    this.#entries = this.#entries.filter((entry, index) => index >= split || kept.has(entry.record))
    // Their records and their markers are gone: named on, they would hide what the same producer wrote afterwards.
    this.#aborted = this.#aborted.filter(one => one.markerOffset >= this.#stable)
  }

  #visible(entries: readonly Entry[], aborted: readonly Aborted[]): LogRecord[] {
    const { filter } = this.#options
    if (filter === 'none') return entries.filter(entry => !entry.control).map(entry => entry.record)
    return filter(entries, aborted, ({ record, producerId, control }) => ({
      offset: record.offset,
      producerId,
      isTransactional: producerId !== undefined,
      control,
    })).map(entry => entry.record)
  }

  #record(nowMs: number, key: Buffer | null, value: Buffer | null, headers: Record<string, Buffer>): LogRecord {
    this.#lastMs = Math.max(this.#lastMs, nowMs)
    const { name: topic } = this.#settings
    return { topic, partition: this.#partition, offset: this.#next, timestampMs: this.#lastMs, key, value, headers }
  }

  #push(entry: Entry): number {
    this.#entries.push(entry)
    this.#next++
    if (this.#options.onCommitted) this.#tell(entry, this.#options.onCommitted)
    return entry.record.offset
  }

  #tell(entry: Entry, onCommitted: (record: LogRecord) => void): void {
    this.#untold.push(entry)
    const stable = this.#stable
    const waiting = this.#untold.findIndex(one => one.record.offset >= stable)
    for (const { record, control, outcome } of this.#untold.splice(0, waiting < 0 ? this.#untold.length : waiting))
      if (!control && outcome?.is !== 'aborted') onCommitted(record)
  }

  /** @returns the index of the first entry at or after `offset` */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.record.offset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
