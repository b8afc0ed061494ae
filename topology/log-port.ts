/**
 * The log as the runtime sees it. Kafka, the embedded LMDB log and the simulated log implement it, and one conformance
 * suite holds them to it. Offsets are numbers below 2^53 and may have gaps (control records, compaction).
 */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Append time where the topic says so, else what the producer gave. ms since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer>>
}

export interface OutRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  /** null is a tombstone. */
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, Buffer>>
}

export interface TopicSettings {
  readonly name: string
  readonly partitions: number
  readonly cleanup: 'delete' | 'compact'
  /** −1 is for ever. */
  readonly retentionMs: number
  readonly appendTime: boolean
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}
/** Offsets of one partition: the first record that is still there, and the one after the last that a reader may see. */
export interface OffsetRange {
  readonly begin: number
  readonly end: number
}

/** Records of one partition, in order, committed ones only. Without records it still tells how far the partition was read. */
export interface Batch extends TopicPartition {
  readonly records: readonly LogRecord[]
  /** Where the next batch starts: past every record and control record covered by this one. */
  readonly nextOffset: number
  /** True when nothing more is known to wait behind this batch. */
  readonly isDrained: boolean
  /** Call it between slices of work longer than 50 ms. */
  heartbeat(): Promise<void>
}

export interface ConsumerOptions {
  /** null reads every partition of the topics alone, without a group: a broadcast. */
  readonly group: string | null
  readonly topics: readonly string[]
  /** 'copartition': partition p of every topic goes to one member; 'single': everything to one member. */
  readonly assignment: 'copartition' | 'single'
  /** Least time between two fetches that bring something and leave nothing, ms: many small ones cost both sides more than they gain. */
  readonly fetchGapMs?: number
  /**
   * Synchronous, before the first record of an assignment: pause and seek here. Every assigned partition starts paused
   * at the beginning until the listener seeks and resumes it. Called with [] when everything is lost.
   * @param consumer - the one that `consume` returns, which may not have returned yet
   */
  onAssign(assigned: readonly TopicPartition[], consumer: LogConsumer): void
  /** Awaited; one batch of a partition at a time, partitions side by side. A throw ends the consumer through `onCrash`. */
  onBatch(batch: Batch): Promise<void>
  onCrash(error: Error): void
}

export interface LogConsumer {
  seek(at: TopicPartition, offset: number): void
  pause(at: TopicPartition): void
  resume(at: TopicPartition): void
  /** Positions for dashboards and for V stages; never what a transactional task starts from. */
  commitOffsets(offsets: readonly (TopicPartition & { offset: number })[]): Promise<void>
  /** @returns what the group has committed, undefined where nothing */
  committed(at: readonly TopicPartition[]): Promise<readonly (number | undefined)[]>
  stop(): Promise<void>
}

/** Another owner has taken the lease: drop it, and open the task anew only while the assignment still stands. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  /** The log says the same where it has ended a transaction that took too long: true where that explains it without another owner. */
  readonly isOverdue: boolean

  constructor(message: string, { isOverdue = false, ...options }: ErrorOptions & { isOverdue?: boolean } = {}) {
    super(message, options)
    this.isOverdue = isOverdue
  }
}
/** Nobody knows whether the transaction went in. Drop the transactor and open the task anew: its changelog says. */
export class IndefiniteError extends Error {
  override readonly name = 'IndefiniteError'
}

/** The right to write as one task. Opening the same id again fences every older holder and ends its open transaction. */
export interface Transactor {
  /**
   * Appends all records in one transaction, in order within each partition; any size, it is split for sending.
   * One call at a time.
   * @returns `topic/partition` → offset of the last record appended there
   * @throws FencedError or IndefiniteError; after either the transactor is dead
   */
  commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}

export interface LogPort {
  /** Creates what is missing. @returns the names it created. @throws where a topic stands with other settings, naming each difference */
  ensureTopics(settings: readonly TopicSettings[]): Promise<readonly string[]>
  /** @returns by partition. @throws where the topic does not exist */
  offsets(topic: string): Promise<readonly OffsetRange[]>
  /** At least once, acknowledged by the log when it resolves; calls are sent one after the other. @returns as `Transactor.commit` */
  produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>>
  transactor(id: string): Promise<Transactor>
  /** Forgets the records before an offset; of a stream that every reader is past. */
  purge(at: TopicPartition, beforeOffset: number): Promise<void>
  consume(options: ConsumerOptions): Promise<LogConsumer>
  close(): Promise<void>
}
