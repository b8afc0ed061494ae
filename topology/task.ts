/**
 * One task: one stage on one partition, exactly once. The transactional id is the lease; group membership only decides
 * who tries. State, progress and outputs change only in transactions of that id, so everything read up to a barrier
 * that the new owner itself wrote is final.
 *
 *            assigned                our barrier seen
 *   (new) ─────────────► opening ─────────────────────► running
 *                          ▲  ▲                           │ │
 *                          │  └── commit failed, fenced ──┘ │ unassigned, stop, fatal error
 *                          └───── log away: backoff         ▼
 *                                                        closed
 */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { FreshetError } from '../schemas/errors.ts'
import type { Wire } from '../schemas/wire.ts'
import { barrierKey, type Progress, progressKey } from './changelog.ts'
import type { Clock } from './clock.ts'
import { type AnyTopic, foldHash, type Stage } from './graph.ts'
import { Intake } from './intake.ts'
import { type Batch, FencedError, type LogConsumer, type LogPort, type OutRecord, type Transactor } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import { Outbox } from './outbox.ts'
import { type PendingKey, PendingTables } from './pending-tables.ts'
import { Restoration } from './restoration.ts'
import { TaskState } from './state.ts'

export interface CommitTiming {
  /** Least time between two commits of a task, ms. */
  readonly gapMs: number
  /** Longest time a processed record waits for its commit while the task keeps up, ms. */
  readonly maxMs: number
  /** Most that one commit writes while the task keeps up, bytes. */
  readonly maxBytes: number
}
/** While a task is behind, commits may grow to this. */
const CATCHING_UP: Omit<CommitTiming, 'gapMs'> = { maxMs: 1_000, maxBytes: 32 * 1024 * 1024 }
/** A batch of so many records, with more behind it, is taken for a backlog. */
const BACKLOG_RECORDS = 500
const SLICE_MS = 50
/** Longer gaps are left to the tick, so that the handler does not hold the fetch. */
const MAX_WAIT_IN_HANDLER_MS = 20

export interface TaskOptions {
  readonly stage: Stage
  readonly partition: number
  readonly partitions: number
  /** Transactional id, `<app>.<stage>.<partition>`. */
  readonly id: string
  readonly log: LogPort
  readonly wire: Wire
  readonly consumer: Pick<LogConsumer, 'seek' | 'pause' | 'resume'>
  /** A topic's name in this namespace. */
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly changelog: string
  readonly timing: CommitTiming
  readonly sessionTimeoutMs: number
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  /** A defect that trying again does not mend: the process should stop with this error. */
  readonly onFatal: (error: Error) => void
}

export class Task {
  readonly #o: TaskOptions
  readonly #state: TaskState
  readonly #intake: Intake
  readonly #restoration: Restoration
  readonly #pending: PendingTables
  readonly #outbox: Outbox
  readonly #inputs: ReadonlyMap<string, AnyTopic>
  readonly #hash: string
  #phase: 'opening' | 'running' | 'closed' = 'opening'
  #transactor: Transactor | undefined
  /** Rises with every opening; what an older one still awaits is void. */
  #opening = 0
  #barrier = ''
  #openedMs = 0
  #positions: Record<string, number> = {}
  #commits = 0
  #isDirty = false
  #firstDirtyMs = 0
  #lastCommitMs = 0
  #recordsSinceCommit = 0
  /** Since the last one that went in. */
  #failedCommits = 0
  #isTicking = false
  #isDraining = false
  #bytesPerRecord = 1_000
  #lock: Promise<void> = Promise.resolve()

  constructor(options: TaskOptions) {
    this.#o = options
    this.#state = new TaskState(options.stage)
    this.#restoration = new Restoration(this.#state)
    this.#pending = new PendingTables(options.stage)
    this.#outbox = new Outbox(options)
    this.#intake = new Intake({ ...options, state: this.#state, outbox: this.#outbox, pending: this.#pending })
    this.#inputs = new Map(options.stage.inputs.map(topic => [options.nameOf(topic), topic]))
    this.#hash = foldHash(options.stage)
  }

  get phase(): 'opening' | 'running' | 'closed' {
    return this.#phase
  }

  get state(): TaskState {
    return this.#state
  }

  /** Topic (with namespace) → next offset to process; {} until the task has opened. */
  get positions(): Readonly<Record<string, number>> {
    return this.#positions
  }

  /** Topic (with namespace) → next offset as of the last commit. */
  get committedPositions(): Readonly<Record<string, number>> {
    return this.#restoration.progress?.positions ?? {}
  }

  /** Topic (with namespace) → next offset to read, and whether everything before is committed. */
  get reached(): { readonly positions: Readonly<Record<string, number>>; readonly isCommitted: boolean } {
    return { positions: this.#positions, isCommitted: this.#phase === 'running' && !this.#isDirty }
  }

  /** Fences older owners and restores the state; the task runs once its own barrier has come back. */
  open(): void {
    void this.#open(++this.#opening, 0)
  }

  /** The task is still ours after a rebalance and is running: go on where memory stands. */
  resume(): void {
    if (this.#phase === 'running') this.#seekInputs()
    else this.open()
  }

  close(): Promise<void> {
    this.#phase = 'closed'
    this.#opening++
    const transactor = this.#transactor
    this.#transactor = undefined
    return this.#lock
      .then(() => transactor?.close())
      .catch(error => this.#o.logger.debug({ err: error }, 'closing the producer failed'))
  }

  /** Writes what is waiting and closes; for a clean stop. */
  async drain(): Promise<void> {
    this.#isDraining = true
    await this.#exclusively(async () => {
      if (this.#phase === 'running' && this.#isDirty) await this.#commit()
    })
    await this.close()
  }

  async onBatch(batch: Batch): Promise<void> {
    if (batch.topic === this.#o.changelog) return this.#restore(batch)
    await this.#exclusively(async () => {
      if (this.#phase !== 'running') return
      await this.#process(batch)
    })
  }

  /** Commits what is due; called every few ms. */
  tick(): void {
    if (this.#phase !== 'running') return
    const now = this.#o.clock.now()
    const isDue = this.#isDirty ? now - this.#lastCommitMs >= this.#o.timing.gapMs : this.#pending.hasDue(now)
    // One at a time: while the log or the registry hangs, ticks would queue up behind it without end.
    if (!isDue || this.#isTicking) return
    this.#isTicking = true
    void this.#exclusively(async () => {
      this.#isTicking = false
      if (this.#phase === 'running' && (this.#isDirty || this.#pending.hasDue(this.#o.clock.now())))
        await this.#commit()
    })
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#lock.then(work)
    this.#lock = done.catch(() => undefined)
    return done
  }

  // ------------------------------------------------------------------------------------------------------------ open

  async #open(opening: number, delayMs: number): Promise<void> {
    const { consumer, partition, changelog, log, id, clock, logger } = this.#o
    this.#phase = 'opening'
    this.#barrier = '' // that of an opening before may still be on its way back, and somebody else may have written behind it
    for (const topic of [...this.#inputs.keys(), changelog]) consumer.pause({ topic, partition })
    const old = this.#transactor
    this.#transactor = undefined
    if (delayMs > 0) await clock.wait(delayMs)
    await old?.close().catch(error => logger.debug({ err: error }, 'closing the producer failed'))
    await this.#lock
    if (opening !== this.#opening) return
    this.#openedMs = clock.now()
    this.#state.rollback()
    this.#outbox.clear()
    this.#isDirty = false
    try {
      const transactor = await log.transactor(id)
      const uuid = randomUUID()
      const barrier = { topic: changelog, partition, key: barrierKey, value: Buffer.from(uuid) }
      if (opening === this.#opening) await transactor.commit([barrier])
      if (opening !== this.#opening) return void (await transactor.close())
      this.#transactor = transactor
      this.#barrier = uuid
      const begin = (await log.offsets(changelog))[partition]?.begin ?? 0
      if (opening !== this.#opening) return
      consumer.seek({ topic: changelog, partition }, Math.max(begin, this.#restoration.offset + 1))
      consumer.resume({ topic: changelog, partition })
    } catch (error) {
      if (opening !== this.#opening) return
      const backoffMs = Math.min(5_000, Math.max(100, delayMs * 2))
      logger.warn({ err: error, backoffMs }, 'the task could not be opened; trying again')
      await this.#open(opening, backoffMs)
    }
  }

  async #restore(batch: Batch): Promise<void> {
    if (this.#phase !== 'opening') return
    const { consumer, partition, changelog } = this.#o
    let sliceMs = this.#o.clock.now()
    for (const record of batch.records) {
      if (this.#restoration.take(record, this.#barrier)) {
        consumer.pause({ topic: changelog, partition })
        const opening = this.#opening
        return this.#run(opening).catch(error => {
          if (opening !== this.#opening) return
          this.#o.logger.warn({ err: error }, 'the task could not be started; opening it anew')
          void this.#open(++this.#opening, 100)
        })
      }
      if (this.#o.clock.now() - sliceMs > SLICE_MS) {
        await batch.heartbeat()
        sliceMs = this.#o.clock.now()
      }
    }
  }

  async #run(opening: number): Promise<void> {
    const { partition, clock, logger, log, metrics, stage, nameOf } = this.#o
    const { progress } = this.#restoration
    if (progress && progress.hash !== this.#hash) {
      const message = `${stage.name}[${partition}]: the state was folded with other options or processor versions (${progress.hash}, now ${this.#hash}); go back to the old ones, or rebuild the state: see docs/operations.md`
      return this.#fail(new FreshetError('STATE_MISMATCH', message))
    }
    const positions: Record<string, number> = {}
    for (const topic of stage.inputs) {
      const name = nameOf(topic)
      const range = (await log.offsets(name))[partition]
      const position = progress?.positions[name] ?? range?.begin ?? 0
      if (range && (position < range.begin || position > range.end)) {
        const message = `${stage.name}[${partition}]: wanted ${name} from offset ${position}, the log holds ${range.begin} to ${range.end}`
        return this.#fail(new FreshetError('DATA_LOST', message))
      }
      positions[name] = position
    }
    if (opening !== this.#opening) return
    this.#positions = positions
    this.#intake.appliedUpTo = { ...progress?.appliedUpTo }
    this.#commits = progress?.commit ?? 0
    const unpublished = this.#restoration.takeUnpublished()
    for (const { processor, key, offset } of unpublished) {
      const at = { partition, offset: Math.max(...Object.values(positions)) - 1, appendedAtMs: 0 }
      this.#pending.touch(processor, key, at, offset - 1, clock.now())
    }
    this.#phase = 'running'
    const tookMs = clock.now() - this.#openedMs
    metrics.restoreMs.observe({ stage: stage.name }, tookMs)
    logger.info({ tookMs, positions, unpublished: unpublished.length }, 'task is running')
    this.#seekInputs()
  }

  #seekInputs(): void {
    const { consumer, partition } = this.#o
    for (const [topic, offset] of Object.entries(this.#positions)) {
      consumer.seek({ topic, partition }, offset)
      consumer.resume({ topic, partition })
    }
  }

  #fail(error: Error): void {
    void this.close()
    this.#o.onFatal(error)
  }

  // --------------------------------------------------------------------------------------------------------- process

  async #process(batch: Batch): Promise<void> {
    const { clock, metrics, stage, timing } = this.#o
    const topic = this.#inputs.get(batch.topic)
    if (!topic) return
    if (!(await this.#prepare(batch))) return
    let sliceMs = clock.now()
    for (const record of batch.records) {
      if (this.#phase !== 'running') return
      if (record.offset < (this.#positions[batch.topic] ?? 0)) continue
      const fatal = this.#intake.record(topic, record, this.#restoration.offset)
      if (fatal) {
        this.#fail(fatal)
        return
      }
      this.#positions[batch.topic] = record.offset + 1
      this.#recordsSinceCommit++
      this.#markDirty()
      if (clock.now() - sliceMs > SLICE_MS) {
        await batch.heartbeat()
        if (this.#isFull(this.#failedCommits === 0 ? CATCHING_UP : timing)) await this.#commit()
        sliceMs = clock.now()
      }
    }
    // Control records have no turn of their own; being past them must not alone cause a commit.
    this.#positions[batch.topic] = Math.max(this.#positions[batch.topic] ?? 0, batch.nextOffset)
    metrics.records.inc({ stage: stage.name }, batch.records.length)
    if (!this.#isDirty || this.#phase !== 'running') return
    // After a failed commit smaller ones: a broker that is slow may not take a large one within the transaction timeout.
    const isBehind = !batch.isDrained && batch.records.length >= BACKLOG_RECORDS && this.#failedCommits === 0
    if (!batch.isDrained && !this.#isFull(isBehind ? CATCHING_UP : timing)) return
    const waitMs = this.#lastCommitMs + timing.gapMs - clock.now()
    if (waitMs > MAX_WAIT_IN_HANDLER_MS) return
    if (waitMs > 0) await clock.wait(waitMs)
    if (this.#phase === 'running') await this.#commit()
  }

  #isFull(limit: { maxMs: number; maxBytes: number }): boolean {
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
        if (this.#phase !== 'running' || this.#isDraining) return false
      }
    }
  }

  // ---------------------------------------------------------------------------------------------------------- commit

  async #commit(): Promise<void> {
    const { changelog, partition, clock, metrics, stage } = this.#o
    const transactor = this.#transactor
    if (!transactor) return
    const startedMs = clock.now()
    const due = this.#pending.due(startedMs)
    let written: { records: OutRecord[]; progress: Progress }
    try {
      written = this.#written(due)
    } catch (error) {
      return this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    const { records, progress } = written
    try {
      const ends = await transactor.commit(records)
      this.#restoration.committed(ends.get(`${changelog}/${partition}`) ?? this.#restoration.offset, progress)
    } catch (error) {
      return this.#reopen(error)
    }
    this.#state.committed()
    this.#pending.published(due)
    this.#commits++
    this.#failedCommits = 0
    this.#learnBytes(records)
    this.#isDirty = false
    this.#lastCommitMs = clock.now()
    metrics.commitMs.observe({ stage: stage.name }, this.#lastCommitMs - startedMs)
    metrics.commitRecords.observe({ stage: stage.name }, records.length)
  }

  /** All that the commit writes. @throws what a table threw, or a schema that does not take its value */
  #written(due: readonly PendingKey[]): { records: OutRecord[]; progress: Progress } {
    const { changelog, partition } = this.#o
    for (const { processor, table, key, at } of due)
      for (const { key: recordKey, value } of table.records(key, this.#state.get(processor, key), at))
        this.#outbox.publish(table.topic, recordKey, value)
    const progress: Progress = {
      hash: this.#hash,
      positions: { ...this.#positions },
      commit: this.#commits + 1,
      publishedUpTo: this.#pending.unpublishedSince(due),
      appliedUpTo: { ...this.#intake.appliedUpTo },
    }
    const records = this.#outbox.take()
    records.push(...this.#state.changes(changelog, partition))
    records.push({ topic: changelog, partition, key: progressKey, value: Buffer.from(JSON.stringify(progress)) })
    return { records, progress }
  }

  #learnBytes(records: readonly { value: Buffer | null }[]): void {
    if (this.#recordsSinceCommit > 0) {
      const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0)
      this.#bytesPerRecord = 0.8 * this.#bytesPerRecord + 0.2 * (bytes / this.#recordsSinceCommit)
    }
    this.#recordsSinceCommit = 0
  }

  #reopen(error: unknown): void {
    if (this.#phase === 'closed') return
    const { stage, metrics, logger, sessionTimeoutMs } = this.#o
    const isFenced = error instanceof FencedError
    metrics.reopened.inc({ stage: stage.name, reason: isFenced ? 'fenced' : 'failed' })
    logger.warn(
      { err: error },
      isFenced ? 'another owner has fenced the task' : 'the commit failed; opening the task anew',
    )
    this.#phase = 'opening'
    // What fails once may pass at once; what fails again may fail for ever.
    const againMs = this.#failedCommits === 0 ? 0 : Math.min(5_000, 100 * 2 ** this.#failedCommits)
    this.#failedCommits++
    // A fenced owner waits until the group must have dropped it if it is a zombie, else two members fence each other in turns.
    void this.#open(++this.#opening, isFenced ? sessionTimeoutMs : againMs)
  }
}
