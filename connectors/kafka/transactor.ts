import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Producer, Transaction } from 'kafkajs'
import { FencedError, IndefiniteError, type OutRecord, type Transactor } from '../../topology/log-port.ts'
import { isConcurrent, isCoordinatorLoading, isFenced, reasonOf } from './causes.ts'
import type { Logger } from './logging.ts'
import { explicitPartitions } from './produce-queue.ts'
import { lastOffsets, sendAll } from './sends.ts'

const OPEN_WITHIN_MS = 60_000

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
  readonly #producer: Producer
  /** Begun on the client only; the broker hears of it with the first records. */
  #begun: Transaction | undefined
  #isBusy = false
  #isDead = false

  private constructor(options: TransactorOptions, producer: Producer, begun: Transaction) {
    this.#options = options
    this.#producer = producer
    this.#begun = begun
  }

  /** Takes the id over: fences every older holder and ends its open transaction. Waits up to 60 s for that. */
  static async open(kafka: Kafka, options: TransactorOptions): Promise<KafkaTransactor> {
    const producer = kafka.producer({
      transactionalId: options.id,
      transactionTimeout: options.timeoutMs,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: explicitPartitions,
      // The default of 300 ms would be slept whenever the markers of the last transaction are still being written.
      retry: { initialRetryTime: 5, multiplier: 1.5, maxRetryTime: 100, retries: 50 },
    })
    const until = Date.now() + OPEN_WITHIN_MS
    try {
      await producer.connect()
      for (;;) {
        try {
          return new KafkaTransactor(options, producer, await producer.transaction())
        } catch (error) {
          if (!(isConcurrent(error) || isCoordinatorLoading(error)) || Date.now() > until) throw error
          await delay(100)
        }
      }
    } catch (error) {
      void disconnect(producer, options.logger)
      throw failure(`transactor ${options.id}: cannot be opened`, error)
    }
  }

  async commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#isDead) throw new IndefiniteError(`transactor ${this.#options.id} is closed`)
    if (this.#isBusy) throw new Error(`transactor ${this.#options.id}: one commit at a time`)
    if (records.length === 0) return new Map()
    this.#isBusy = true
    const abandon = new AbortController()
    const outcome = this.#commit(records)
    try {
      return await Promise.race([outcome, this.#deadline(abandon.signal)])
    } catch (error) {
      this.#isDead = true
      // kafkajs reconnects to retry, so the end of it must be awaited before sockets can be given back.
      void outcome.catch(() => undefined).then(() => disconnect(this.#producer, this.#options.logger))
      throw failure(`transactor ${this.#options.id}: commit of ${records.length} records`, error)
    } finally {
      abandon.abort()
      this.#isBusy = false
    }
  }

  async #commit(records: readonly OutRecord[]): Promise<Map<string, number>> {
    const transaction = this.#begun ?? (await this.#producer.transaction())
    this.#begun = undefined
    const appended = await sendAll(records, transaction.sendBatch, () => !this.#isDead)
    if (this.#isDead) throw new Error('closed before the end of the transaction')
    await transaction.commit()
    return lastOffsets(appended)
  }

  /** kafkajs may retry for minutes, when the broker has long aborted the transaction. */
  async #deadline(signal: AbortSignal): Promise<never> {
    const waitMs = this.#options.timeoutMs + 10_000
    await delay(waitMs, undefined, { signal })
    throw new Error(`no answer within ${waitMs} ms`)
  }

  get isDead(): boolean {
    return this.#isDead
  }

  async close(): Promise<void> {
    if (this.#isDead) return
    this.#isDead = true
    await disconnect(this.#producer, this.#options.logger)
  }
}

function failure(what: string, cause: unknown): FencedError | IndefiniteError {
  const Kind = isFenced(cause) ? FencedError : IndefiniteError
  return new Kind(`${what}: ${reasonOf(cause)}`, { cause })
}

async function disconnect(producer: Producer, logger: Logger): Promise<void> {
  try {
    await producer.disconnect()
  } catch (error) {
    logger.debug({ err: error }, 'a producer could not be disconnected')
  }
}
