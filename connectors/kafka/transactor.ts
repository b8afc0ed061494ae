import type { Kafka } from 'kafkajs'
import { FencedError, IndefiniteError, type OutRecord, type Transactor } from '../../topology/log-port.ts'
import { isFenced, reasonOf } from './causes.ts'
import { before } from './deadline.ts'
import type { Logger } from './logging.ts'
import { LogProducer } from './producer.ts'
import { lastOffsets, sendAll } from './sends.ts'

const OPEN_WITHIN_MS = 60_000
/** After the time for repetitions, what the last request may still take. */
const LAST_REQUEST_MS = 10_000

/** After a commit that began so soon after the one before, the next transaction is begun at once, ms. */
const BUSY_MS = 100
/** One that was begun and has nothing to commit is ended after this part of the time in which the broker would end it, and fence. */
const UNUSED_PART = 0.1

export interface TransactorOptions {
  readonly id: string
  /** After this the broker aborts an open transaction by itself, ms. */
  readonly timeoutMs: number
  readonly logger: Logger
}

/**
 * open ── commit resolves ──▶ open
 *   │
 *   └─ FencedError, IndefiniteError or close ──▶ dead, for good: an open transaction is left to the next owner's
 *      InitProducerId or to the broker's timeout. abort() after an unknown outcome could hit the next transaction.
 */
export class KafkaTransactor implements Transactor {
  readonly #options: TransactorOptions
  readonly #producer: LogProducer
  #isBusy = false
  #isDead = false
  #lastStartMs = Number.NEGATIVE_INFINITY
  /** What is asked of the broker between two commits; never rejects. */
  #between = Promise.resolve()
  #unused: NodeJS.Timeout | undefined

  private constructor(options: TransactorOptions, producer: LogProducer) {
    this.#options = options
    this.#producer = producer
  }

  /** Takes the id over: fences every older holder and ends its open transaction. Waits up to 60 s for that. */
  static async open(kafka: Kafka, options: TransactorOptions): Promise<KafkaTransactor> {
    const { id: transactionalId, timeoutMs: transactionTimeoutMs, logger } = options
    try {
      const of = { transactionalId, transactionTimeoutMs, logger }
      return new KafkaTransactor(options, await LogProducer.open(kafka, of, Date.now() + OPEN_WITHIN_MS))
    } catch (error) {
      throw failure(`transactor ${options.id}: cannot be opened`, error)
    }
  }

  async commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#isDead) throw new IndefiniteError(`transactor ${this.#options.id} is closed`)
    if (this.#isBusy) throw new Error(`transactor ${this.#options.id}: one commit at a time`)
    if (records.length === 0) return new Map()
    this.#isBusy = true
    clearTimeout(this.#unused)
    const startMs = Date.now()
    // By then the broker has aborted the transaction: to repeat a request is of no use any more.
    const untilMs = startMs + this.#options.timeoutMs
    try {
      const ends = await before(untilMs + LAST_REQUEST_MS, this.#commit(records, untilMs))
      if (startMs - this.#lastStartMs < BUSY_MS) this.#beginNext()
      this.#lastStartMs = startMs
      return ends
    } catch (error) {
      this.#isDead = true
      void this.#producer.close()
      const what = `transactor ${this.#options.id}: commit of ${records.length} records`
      const tookMs = Date.now() - startMs
      // The broker counts from the first request, which is later than here.
      if (isFenced(error) && tookMs >= this.#options.timeoutMs)
        throw overdue(what, tookMs, this.#options.timeoutMs, error)
      throw failure(what, error)
    } finally {
      this.#isBusy = false
    }
  }

  /**
   * While commits follow each other, the next one need not wait until the broker has ended the last transaction, and taken its
   * partitions into a new one.
   */
  #beginNext(): void {
    const { timeoutMs } = this.#options
    this.#meanwhile(untilMs => this.#producer.begin(untilMs))
    const end = () => this.#meanwhile(untilMs => this.#producer.endUnused(untilMs))
    this.#unused = setTimeout(end, UNUSED_PART * timeoutMs).unref()
  }

  /** What goes wrong here, the next commit will find. */
  #meanwhile(act: (untilMs: number) => Promise<void>): void {
    const { id, timeoutMs, logger } = this.#options
    this.#between = this.#between
      .then(() => (this.#isDead ? undefined : act(Date.now() + timeoutMs)))
      .catch(error =>
        logger.debug({ err: error, id }, 'a transaction could not be begun or ended ahead of its records'),
      )
  }

  async #commit(records: readonly OutRecord[], untilMs: number): Promise<Map<string, number>> {
    await this.#between
    const appended = await sendAll(
      records,
      send => this.#producer.send(send, untilMs),
      () => !this.#isDead,
    )
    if (this.#isDead) throw new Error('closed before the end of the transaction')
    await this.#producer.commit()
    return lastOffsets(appended)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  async close(): Promise<void> {
    clearTimeout(this.#unused)
    if (this.#isDead) return
    this.#isDead = true
    await this.#producer.close()
  }
}

const overdue = (what: string, tookMs: number, timeoutMs: number, cause: unknown): FencedError =>
  new FencedError(
    `${what}: took ${tookMs} ms, and the broker ends a transaction after ${timeoutMs} ms: broker, network or this process is too slow or was stopped`,
    { cause, isOverdue: true },
  )

function failure(what: string, cause: unknown): FencedError | IndefiniteError {
  const Kind = isFenced(cause) ? FencedError : IndefiniteError
  return new Kind(`${what}: ${reasonOf(cause)}`, { cause })
}
