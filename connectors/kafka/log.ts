import { randomUUID } from 'node:crypto'
import type { Admin, Kafka, KafkaConfig, logCreator } from 'kafkajs'
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
import { reasonOf } from './causes.ts'
import { kafkajs } from './client.ts'
import { KafkaConsumer } from './consumer.ts'
import { socketFactory } from './internals.ts'
import { kafkajsLog, type Logger, silent } from './logging.ts'
import { patiently } from './patiently.ts'
import { ProduceQueue } from './produce-queue.ts'
import { ensureTopics, offsetRanges, partitionCounts, purge } from './topics.ts'
import { KafkaTransactor } from './transactor.ts'

export interface KafkaLogOptions {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
  /** After this the broker aborts the open transaction of a dead task, which blocks its readers until then. 3,000 ms. */
  readonly transactionTimeoutMs?: number
  /** After this without a heartbeat a member's partitions go to others. 6,000 ms, which is also Kafka's lower bound. */
  readonly sessionTimeoutMs?: number
  /** How long `produce` may take before it fails with LOG_UNAVAILABLE. 10,000 ms. */
  readonly produceTimeoutMs?: number
  readonly logger?: Logger
}

/** Kafka as a LogPort, by way of kafkajs. Records given out are copies and safe to keep. */
export class KafkaLog implements LogPort {
  readonly #options: KafkaLogOptions
  readonly #logger: Logger
  readonly #logCreator: logCreator
  readonly #kafka: Kafka
  readonly #admin: Admin
  /** By topic: lists do not wait behind a large send of rankings. */
  readonly #queues = new Map<string, ProduceQueue>()
  readonly #consumers = new Set<KafkaConsumer>()
  readonly #transactors = new Set<KafkaTransactor>()
  /** Transactional id → when its last opening is over. */
  readonly #openings = new Map<string, Promise<void>>()
  #closing: Promise<void> | undefined

  private constructor(options: KafkaLogOptions) {
    this.#options = options
    this.#logger = options.logger ?? silent
    this.#logCreator = kafkajsLog(this.#logger)
    this.#kafka = this.#newClient()
    this.#admin = this.#kafka.admin()
  }

  /** @throws FreshetError KAFKA_UNAVAILABLE where no broker answers within some 10 s */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const log = new KafkaLog(options)
    try {
      await log.#admin.connect()
    } catch (error) {
      const message = `no broker answers at ${options.brokers.join(', ')}: ${reasonOf(error)}`
      throw new FreshetError('KAFKA_UNAVAILABLE', message, { cause: error })
    }
    return log
  }

  /** Replicates to as many brokers as there are, at most 3. @throws FreshetError TOPIC_MISMATCH */
  async ensureTopics(settings: readonly TopicSettings[]): Promise<readonly string[]> {
    return ensureTopics(this.#connected(), settings)
  }

  /** `end` is the last stable offset: an open transaction holds it back, and a reader's `nextOffset` arrives at it. */
  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    return this.#patiently(() => offsetRanges(this.#connected(), topic))
  }

  /**
   * Calls whose first records are of one topic are sent in their order.
   * @throws FreshetError LOG_UNAVAILABLE; the records may have been appended even so, see `ProduceQueue`
   */
  produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#closing) return Promise.reject(new FreshetError('LOG_UNAVAILABLE', 'the log is closed'))
    const topic = records[0]?.topic ?? ''
    let queue = this.#queues.get(topic)
    if (!queue) {
      queue = new ProduceQueue(this.#kafka, this.#options.produceTimeoutMs ?? 10_000, this.#logger)
      this.#queues.set(topic, queue)
    }
    return queue.produce(records)
  }

  async purge(at: TopicPartition, beforeOffset: number): Promise<void> {
    return purge(this.#connected(), at, beforeOffset)
  }

  async transactor(id: string): Promise<Transactor> {
    this.#connected()
    // Of two openings at once the broker may see the older one last, which then fences the newer.
    const opened = (this.#openings.get(id) ?? Promise.resolve()).then(() => this.#transactor(id))
    this.#openings.set(
      id,
      opened.then(
        () => undefined,
        () => undefined,
      ),
    )
    return opened
  }

  async #transactor(id: string): Promise<Transactor> {
    const timeoutMs = this.#options.transactionTimeoutMs ?? 3000
    const transactor = await KafkaTransactor.open(this.#kafka, { id, timeoutMs, logger: this.#logger })
    for (const older of this.#transactors) if (older.isDead) this.#transactors.delete(older)
    this.#transactors.add(transactor)
    return transactor
  }

  /**
   * Joins the group after it has resolved. The batches of one fetch are handled side by side and all awaited before the next
   * fetch from that broker: a handler must not wait for records of another partition of the same consumer.
   */
  async consume(options: ConsumerOptions): Promise<LogConsumer> {
    const counts = await this.#patiently(() => partitionCounts(this.#connected(), options.topics))
    const setup = {
      newClient: () => this.#newClient(),
      admin: this.#admin,
      groupId: options.group ?? `${this.#options.clientId}.broadcast.${randomUUID()}`,
      partitionCount: [...counts.values()].reduce((sum, count) => sum + count, 0),
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? 6000,
      logger: this.#logger,
    }
    const consumer = await this.#patiently(() => KafkaConsumer.open(setup, options))
    this.#consumers.add(consumer)
    return consumer
  }

  /** Stops every consumer and closes every transactor it gave out; waits for the records accepted by `produce`. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, consumer => consumer.stop()))
    await Promise.all(Array.from(this.#transactors, transactor => transactor.close()))
    await Promise.all(Array.from(this.#queues.values(), queue => queue.close()))
    await this.#admin.disconnect()
  }

  #patiently<T>(ask: () => Promise<T>): Promise<T> {
    return patiently(ask, () => this.#closing !== undefined)
  }

  /** kafkajs's admin would connect again by itself. */
  #connected(): Admin {
    if (this.#closing) throw new Error('the log is closed')
    return this.#admin
  }

  #newClient(): Kafka {
    const { brokers, clientId, ssl, sasl } = this.#options
    return new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      socketFactory,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
      connectionTimeout: 3000,
      requestTimeout: 10_000,
      // For connecting: up to some 8 s, a second apart at most, so that a broker that comes back is found soon.
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 10 },
      logLevel: kafkajs.logLevel.WARN,
      logCreator: this.#logCreator,
    })
  }
}
