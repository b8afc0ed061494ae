/**
 * What a running task does: it folds the records of its inputs, and commits what came of them. {@link Task} calls it, one call at
 * a time, and only while it holds the lease.
 */
import type { Logger } from 'pino'
import type { Origin } from '../processors/define.ts'
import type { Wire } from '../schemas/wire.ts'
import { type Progress, progressKey } from './changelog.ts'
import type { Clock } from './clock.ts'
import { type AnyTopic, foldHash, type Stage } from './graph.ts'
import { Intake } from './intake.ts'
import type { HistogramSeries } from './kept-series.ts'
import type { Batch, OutRecord, Transactor } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import { Outbox } from './outbox.ts'
import { type PendingKey, PendingTables } from './pending-tables.ts'
import type { Restoration } from './restoration.ts'
import { Slices } from './slices.ts'
import type { TaskState } from './state.ts'

export interface CommitTiming {
  /** Least time between the beginnings of two commits of a task, ms. */
  readonly gapMs: number
  /** The same as long as nothing but state and coalesced tables is to be written, which nobody waits for, ms. Default `gapMs`. */
  readonly restMs?: number
  /** Longest time a processed record waits for its commit while the task keeps up, ms. */
  readonly maxMs: number
  /** Most that one commit writes while the task keeps up, bytes. */
  readonly maxBytes: number
}
type Limit = Pick<CommitTiming, 'maxMs' | 'maxBytes'>
/** While a task is behind, commits may grow to this. */
const CATCHING_UP: Limit = { maxMs: 1_000, maxBytes: 32 * 1024 * 1024 }
/** A batch of so many records, with more behind it, is taken for a backlog. */
const BACKLOG_RECORDS = 500
/** Longer gaps are left to the look, so that the handler does not hold the fetch. */
const MAX_WAIT_IN_HANDLER_MS = 20

export interface WorkOptions {
  readonly stage: Stage
  readonly partition: number
  readonly partitions: number
  readonly wire: Wire
  /** A topic's name in this namespace. */
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly changelog: string
  readonly timing: CommitTiming
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
}

/** The right to write as the task. */
export interface Lease {
  /** False once the task is opened anew or closed: what is under way ends, nothing more is written. */
  isHeld(): boolean
  /** The process stops: nothing is waited for. */
  isEnding(): boolean
  transactor(): Transactor | undefined
  /** A commit failed; `failures` counts those since the last one that went in. */
  lose(error: unknown, failures: number): void
  /** A defect that trying again does not mend. */
  fail(error: Error): void
}

export class TaskWork {
  readonly hash: string
  readonly #o: WorkOptions
  readonly #lease: Lease
  readonly #state: TaskState
  readonly #restoration: Restoration
  readonly #intake: Intake
  readonly #pending: PendingTables
  readonly #outbox: Outbox
  readonly #inputs: ReadonlyMap<string, AnyTopic>
  readonly #commitMs: HistogramSeries
  readonly #commitRecords: HistogramSeries
  #positions: Record<string, number> = {}
  #commits = 0
  #isDirty = false
  #firstDirtyMs = 0
  /** When the last commit began. */
  #lastCommitMs = 0
  #recordsSinceCommit = 0
  /** Since the last one that went in. */
  #failedCommits = 0
  #bytesPerRecord = 1_000
  /** How far a commit may grow, while more is known to wait behind the last batch. */
  #behind: Limit | undefined

  constructor(options: WorkOptions, state: TaskState, restoration: Restoration, lease: Lease) {
    const { stage, nameOf, metrics } = options
    this.#o = options
    this.#lease = lease
    this.#state = state
    this.#restoration = restoration
    this.#pending = new PendingTables(stage)
    this.#outbox = new Outbox(options)
    this.#intake = new Intake({ ...options, state, outbox: this.#outbox, pending: this.#pending })
    this.#inputs = new Map(stage.inputs.map(topic => [nameOf(topic), topic]))
    this.#commitMs = metrics.commitMs.of({ stage: stage.name })
    this.#commitRecords = metrics.commitRecords.of({ stage: stage.name })
    this.hash = foldHash(stage)
  }

  /** Topic (with namespace) → next offset to process; {} until {@link begin}. */
  get positions(): Readonly<Record<string, number>> {
    return this.#positions
  }

  /** Something is folded that is not committed. */
  get isDirty(): boolean {
    return this.#isDirty
  }

  /** When the next commit is due, ms; Infinity when there is nothing to write. */
  get dueMs(): number {
    if (!this.#isDirty) return this.#pending.nextDueMs
    if (this.#behind) return this.#firstDirtyMs + this.#behind.maxMs
    const { gapMs, restMs = gapMs } = this.#o.timing
    return this.#lastCommitMs + (this.#outbox.isWaitedFor ? gapMs : restMs)
  }

  /** Goes on from what the changelog says. @returns how many keys may not have been published */
  begin(positions: Record<string, number>): number {
    const { partition, clock } = this.#o
    const { progress } = this.#restoration
    this.#positions = positions
    this.#intake.appliedUpTo = { ...progress?.appliedUpTo }
    this.#commits = progress?.commit ?? 0
    const unpublished = this.#restoration.takeUnpublished()
    const at: Origin = { partition, offset: Math.max(...Object.values(positions)) - 1, appendedAtMs: 0 }
    for (const { processor, key, offset } of unpublished)
      this.#pending.touch(processor, key, at, offset - 1, clock.now())
    return unpublished.length
  }

  /** Forgets what is not committed. */
  rollback(): void {
    this.#state.rollback()
    this.#outbox.clear()
    this.#isDirty = false
  }

  /** Folds a batch, and commits where that is due. */
  async process(batch: Batch): Promise<void> {
    const { clock, metrics, stage } = this.#o
    const topic = this.#inputs.get(batch.topic)
    if (!topic) return
    if (!(await this.#prepare(batch))) return
    const slices = new Slices(clock)
    for (const record of batch.records) {
      if (!this.#lease.isHeld()) return
      if (record.offset < (this.#positions[batch.topic] ?? 0)) continue
      const fatal = this.#intake.record(topic, record, this.#restoration.offset)
      if (fatal) return this.#lease.fail(fatal)
      this.#positions[batch.topic] = record.offset + 1
      this.#recordsSinceCommit++
      this.#markDirty()
      if (!slices.areOver) continue
      await batch.heartbeat()
      if (this.#isFull(this.#limit(batch.records.length))) await this.commit()
      await slices.rest()
    }
    if (!this.#lease.isHeld()) return
    // Control records have no turn of their own; being past them must not alone cause a commit.
    this.#positions[batch.topic] = Math.max(this.#positions[batch.topic] ?? 0, batch.nextOffset)
    metrics.records.inc({ stage: stage.name }, batch.records.length)
    this.#behind = batch.isDrained ? undefined : this.#limit(batch.records.length)
    const isDue = this.#behind ? this.#isFull(this.#behind) : this.dueMs - clock.now() <= MAX_WAIT_IN_HANDLER_MS
    if (this.#isDirty && isDue) await this.commit()
  }

  /**
   * @returns how long the handler should hold the fetch after a drained batch, ms: what comes until the gap is over is then
   *   fetched at once, and waits for one commit instead of two
   */
  get restMs(): number {
    const { clock, timing } = this.#o
    const leftMs = this.#lastCommitMs + timing.gapMs - clock.now()
    return leftMs > MAX_WAIT_IN_HANDLER_MS ? 0 : Math.max(0, leftMs)
  }

  /** @param records - of a batch with more behind it */
  #limit(records: number): Limit {
    const { timing } = this.#o
    // After a failed commit smaller ones: a broker that is slow may not take a large one within the transaction timeout.
    if (records < BACKLOG_RECORDS || this.#failedCommits > 0) return timing
    return { maxMs: Math.max(timing.maxMs, CATCHING_UP.maxMs), maxBytes: CATCHING_UP.maxBytes }
  }

  #isFull(limit: Limit): boolean {
    const bytes = this.#recordsSinceCommit * this.#bytesPerRecord
    return this.#isDirty && (this.#o.clock.now() - this.#firstDirtyMs >= limit.maxMs || bytes >= limit.maxBytes)
  }

  #markDirty(): void {
    if (!this.#isDirty) this.#firstDirtyMs = this.#o.clock.now()
    this.#isDirty = true
  }

  /**
   * Fetches schemas not seen yet; a registry that is away holds the partition back and skips nothing.
   * @returns false when the task has ended meanwhile
   */
  async #prepare(batch: Batch): Promise<boolean> {
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await this.#o.wire.prepare(batch.records.map(record => record.value))
        return true
      } catch (error) {
        this.#o.logger.warn({ err: error, waitMs }, 'the schema registry does not answer; waiting')
        await this.#o.clock.wait(waitMs)
        await batch.heartbeat()
        if (!this.#lease.isHeld() || this.#lease.isEnding()) return false
      }
    }
  }

  /** Writes outputs, state and progress in one transaction. */
  async commit(): Promise<void> {
    const { changelog, partition, clock } = this.#o
    const startedMs = clock.now()
    const due = this.#pending.due(startedMs)
    const progress = this.#progress(due)
    const records: OutRecord[] = []
    try {
      const slices = new Slices(clock)
      for (const record of this.#records(due)) {
        records.push(record)
        if (slices.areOver) await slices.rest()
      }
    } catch (error) {
      return this.#lease.fail(error instanceof Error ? error : new Error(String(error)))
    }
    records.push({ topic: changelog, partition, key: progressKey, value: Buffer.from(JSON.stringify(progress)) })
    const transactor = this.#lease.transactor()
    if (!transactor || !this.#lease.isHeld()) return
    try {
      const ends = await transactor.commit(records)
      this.#restoration.committed(ends.get(`${changelog}/${partition}`) ?? this.#restoration.offset, progress)
    } catch (error) {
      return this.#lease.lose(error, this.#failedCommits++)
    }
    this.#state.committed()
    this.#pending.published(due)
    this.#commits++
    this.#failedCommits = 0
    this.#learnBytes(records)
    this.#isDirty = false
    this.#lastCommitMs = startedMs
    this.#commitMs.observe(clock.now() - startedMs)
    this.#commitRecords.observe(records.length)
  }

  #progress(due: readonly PendingKey[]): Progress {
    return {
      hash: this.hash,
      positions: { ...this.#positions },
      commit: this.#commits + 1,
      publishedUpTo: this.#pending.unpublishedSince(due),
      appliedUpTo: { ...this.#intake.appliedUpTo },
    }
  }

  /** All that a commit writes but the progress. @throws what a table threw, or a schema that does not take its value */
  *#records(due: readonly PendingKey[]): Generator<OutRecord> {
    yield* this.#outbox.take()
    // Behind what was published at once under the same key: a table is never older.
    for (const { processor, table, key, at } of due)
      for (const { key: recordKey, value } of table.records(key, this.#state.get(processor, key), at))
        yield this.#outbox.encoded(table.topic, recordKey, value)
    yield* this.#state.changes(this.#o.changelog, this.#o.partition)
  }

  #learnBytes(records: readonly { value: Buffer | null }[]): void {
    if (this.#recordsSinceCommit > 0) {
      const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0)
      this.#bytesPerRecord = 0.8 * this.#bytesPerRecord + 0.2 * (bytes / this.#recordsSinceCommit)
    }
    this.#recordsSinceCommit = 0
  }
}
