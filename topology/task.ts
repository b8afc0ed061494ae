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
import { FreshetError } from '../schemas/errors.ts'
import { barrierKey } from './changelog.ts'
import { after } from './clock.ts'
import { readableHashes } from './graph.ts'
import { type Batch, FencedError, type LogConsumer, type LogPort, type Transactor } from './log-port.ts'
import { Restoration } from './restoration.ts'
import { Slices } from './slices.ts'
import { TaskState } from './state.ts'
import { type Lease, TaskWork, type WorkOptions } from './task-work.ts'

export interface TaskOptions extends WorkOptions {
  /** Transactional id, `<app>.<stage>.<partition>`. */
  readonly id: string
  readonly log: LogPort
  readonly consumer: Pick<LogConsumer, 'seek' | 'pause' | 'resume'>
  readonly sessionTimeoutMs: number
  /** A defect that trying again does not mend: the process should stop with this error. */
  readonly onFatal: (error: Error) => void
}

const REOPENED = {
  failed: 'the commit failed; opening the task anew',
  overdue: 'the commit took longer than the transaction timeout; opening the task anew',
  fenced: 'another owner has fenced the task',
} as const

export class Task {
  readonly #o: TaskOptions
  readonly #state: TaskState
  readonly #restoration: Restoration
  readonly #work: TaskWork
  #phase: 'opening' | 'running' | 'closed' = 'opening'
  #transactor: Transactor | undefined
  /** Rises with every opening; what an older one still awaits is void. */
  #opening = 0
  #barrier = ''
  #openedMs = 0
  /** When reading of the changelog began. */
  #restoringMs = 0
  #isDraining = false
  /** When it will look for what is due to be committed. */
  #lookMs = Number.POSITIVE_INFINITY
  #stopLook = () => {}
  #lock: Promise<void> = Promise.resolve()

  constructor(options: TaskOptions) {
    this.#o = options
    this.#state = new TaskState(options.stage)
    this.#restoration = new Restoration(this.#state, options.stage)
    this.#work = new TaskWork(options, this.#state, this.#restoration, this.#lease())
  }

  get phase(): 'opening' | 'running' | 'closed' {
    return this.#phase
  }

  get state(): TaskState {
    return this.#state
  }

  /** Topic (with namespace) → next offset to process; {} until the task has opened. */
  get positions(): Readonly<Record<string, number>> {
    return this.#work.positions
  }

  /** Topic (with namespace) → next offset as of the last commit. */
  get committedPositions(): Readonly<Record<string, number>> {
    return this.#restoration.progress?.positions ?? {}
  }

  /** Topic (with namespace) → next offset to read, and whether everything before is committed. */
  get reached(): { readonly positions: Readonly<Record<string, number>>; readonly isCommitted: boolean } {
    return { positions: this.positions, isCommitted: this.#phase === 'running' && !this.#work.isDirty }
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
    this.#stopLook()
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
      if (this.#phase === 'running' && this.#work.isDirty) await this.#work.commit()
    })
    await this.close()
  }

  async onBatch(batch: Batch): Promise<void> {
    if (batch.topic === this.#o.changelog) return this.#restore(batch)
    await this.#exclusively(async () => {
      if (this.#phase === 'running') await this.#work.process(batch)
    })
    this.#lookWhenDue()
    if (this.#phase !== 'running' || !batch.isDrained || batch.records.length === 0) return
    const { restMs } = this.#work
    if (restMs > 0) await this.#o.clock.wait(restMs)
  }

  /** One look at a time: while the log hangs, others would queue up behind it without end. */
  #lookWhenDue(): void {
    const { clock } = this.#o
    const { dueMs } = this.#work
    if (this.#phase !== 'running' || dueMs >= this.#lookMs) return
    this.#stopLook()
    this.#lookMs = dueMs
    this.#stopLook = after(clock, Math.max(1, dueMs - clock.now()), () => void this.#look())
  }

  async #look(): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#phase === 'running' && this.#work.dueMs <= this.#o.clock.now()) await this.#work.commit()
    })
    this.#lookMs = Number.POSITIVE_INFINITY
    this.#lookWhenDue()
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#lock.then(work)
    this.#lock = done.catch(() => undefined)
    return done
  }

  async #open(opening: number, delayMs: number): Promise<void> {
    const { consumer, partition, changelog, log, id, clock, logger } = this.#o
    this.#phase = 'opening'
    this.#barrier = '' // that of an opening before may still be on its way back, and somebody else may have written behind it
    for (const topic of [...this.#o.stage.inputs.map(this.#o.nameOf), changelog]) consumer.pause({ topic, partition })
    const old = this.#transactor
    this.#transactor = undefined
    if (delayMs > 0) await clock.wait(delayMs)
    await old?.close().catch(error => logger.debug({ err: error }, 'closing the producer failed'))
    await this.#lock
    if (opening !== this.#opening) return
    this.#openedMs = clock.now()
    this.#work.rollback()
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
      this.#restoringMs = clock.now()
      this.#restoration.takeRestored()
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
    const slices = new Slices(this.#o.clock)
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
      if (!slices.areOver) continue
      await batch.heartbeat()
      await slices.rest()
      if (this.#phase !== 'opening') return
    }
  }

  async #run(opening: number): Promise<void> {
    const { partition, clock, logger, log, metrics, stage, nameOf } = this.#o
    const { progress } = this.#restoration
    if (progress && !readableHashes(stage).has(progress.hash)) {
      const message = `${stage.name}[${partition}]: the state was folded with other options or processor versions (${progress.hash}, now ${this.#work.hash}); run what wrote it, or rebuild the state: see docs/operations.md`
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
    const unpublished = this.#work.begin(positions)
    this.#phase = 'running'
    const tookMs = clock.now() - this.#openedMs
    metrics.restoreMs.observe({ stage: stage.name }, tookMs)
    const restored = { ...this.#restoration.takeRestored(), ms: clock.now() - this.#restoringMs }
    logger.info({ tookMs, restored, positions, unpublished }, 'task is running')
    this.#seekInputs()
    this.#lookWhenDue()
  }

  #seekInputs(): void {
    const { consumer, partition } = this.#o
    for (const [topic, offset] of Object.entries(this.positions)) {
      consumer.seek({ topic, partition }, offset)
      consumer.resume({ topic, partition })
    }
  }

  #fail(error: Error): void {
    void this.close()
    this.#o.onFatal(error)
  }

  /** @param failures - of commits before, since the last one that went in */
  #reopen(error: unknown, failures: number): void {
    if (this.#phase === 'closed') return
    const { stage, metrics, logger, sessionTimeoutMs } = this.#o
    const isFenced = error instanceof FencedError
    const reason = !isFenced ? 'failed' : error.isOverdue ? 'overdue' : 'fenced'
    metrics.reopened.inc({ stage: stage.name, reason })
    logger.warn({ err: error }, REOPENED[reason])
    this.#phase = 'opening'
    // What fails once may pass at once; what fails again may fail for ever.
    const againMs = failures === 0 ? 0 : Math.min(5_000, 100 * 2 ** failures)
    // A fenced owner waits until the group must have dropped it if it is a zombie, else two members fence each other in turns.
    void this.#open(++this.#opening, isFenced ? sessionTimeoutMs : againMs)
  }

  #lease(): Lease {
    return {
      isHeld: () => this.#phase === 'running',
      isEnding: () => this.#isDraining,
      transactor: () => this.#transactor,
      lose: (error, failures) => this.#reopen(error, failures),
      fail: error => this.#fail(error),
    }
  }
}
