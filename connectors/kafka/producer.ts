import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { ask } from './ask.ts'
import { isConcurrent, isCoordinatorLoading, reasonOf } from './causes.ts'
import { FrameWriter } from './frame.ts'
import { type Broker, type Cluster, newCluster } from './internals.ts'
import type { Logger } from './logging.ts'
import { type PartitionProduced, type PartitionToProduce, produceRequest } from './produce-request.ts'
import { type Send, UnknownPartition } from './sends.ts'
import { addPartitionsRequest, commitRequest, type TransactionOf } from './transaction-requests.ts'

export interface ProducerOptions {
  /** Takes part in transactions, and fences every older holder of the id. */
  readonly transactionalId?: string
  /** After this the broker aborts an open transaction by itself, ms. */
  readonly transactionTimeoutMs?: number
  readonly logger: Logger
}

const TRANSACTION_COORDINATOR = 1
const SEQUENCES = 2 ** 31
/** Frames larger than this are not kept for the next send, bytes. */
const KEPT_FRAME_BYTES = 1_000_000
/** Between two tries: the markers of the last transaction are written within milliseconds, a new leader is not elected so soon. */
const FIRST_WAIT_MS = 2
const MAX_WAIT_MS = 100

/**
 * An idempotent producer over kafkajs's connections. One call at a time. A send is repeated with the sequence numbers it
 * had, which the broker recognises; after any error it throws, it is of no use but to be closed.
 */
export class LogProducer {
  readonly #cluster: Cluster
  readonly #options: ProducerOptions
  readonly #transactionalId: string | null
  #producerId = -1n
  #producerEpoch = 0
  readonly #sequences = new Map<string, number>()
  /** Part of the transaction under way. */
  readonly #enlisted = new Set<string>()
  /** Written to in the transaction under way; in the last one; in that and in the one before it. */
  #written = new Map<string, Place>()
  #writtenLast: ReadonlyMap<string, Place> = new Map()
  #usual: readonly Place[] = []
  readonly #topics = new Set<string>()
  #coordinator: Broker | undefined
  #frame = new FrameWriter()
  #isClosed = false

  private constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#transactionalId = options.transactionalId ?? null
  }

  /**
   * Ends the open transaction of an older holder; waits until `untilMs` for that.
   * @throws what kafkajs throws where no broker answers
   */
  static async open(kafka: Kafka, options: ProducerOptions, untilMs: number): Promise<LogProducer> {
    const producer = new LogProducer(newCluster(kafka), options)
    try {
      await producer.#cluster.connect()
      await producer.#cluster.refreshMetadata()
      await producer.#retried(untilMs, () => producer.#init(), isNotReady)
      return producer
    } catch (error) {
      void producer.close()
      throw error
    }
  }

  async #init(): Promise<void> {
    const broker =
      this.#transactionalId === null ? await this.#cluster.findControllerBroker() : await this.#findCoordinator()
    const { producerId, producerEpoch } = await broker.initProducerId({
      transactionalId: this.#transactionalId ?? undefined,
      transactionTimeout: this.#options.transactionTimeoutMs ?? 0,
    })
    this.#producerId = BigInt(producerId)
    this.#producerEpoch = producerEpoch
  }

  /** Makes partitions part of the transaction, as a send does with those that are not yet. */
  async enlist(places: Iterable<Place>, untilMs: number): Promise<void> {
    const fresh = byTopic([...places].filter(({ topic, partition }) => !this.#enlisted.has(`${topic}/${partition}`)))
    if (fresh.length === 0) return
    await this.#retried(untilMs, async () => {
      await ask(await this.#findCoordinator(), addPartitionsRequest(this.#transaction(), fresh), this.#frame)
    })
    for (const { topic, partition } of fresh) this.#enlisted.add(`${topic}/${partition}`)
  }

  /**
   * Appends each group to its partition, as one record batch.
   * @returns `topic/partition` → offset of the first record
   * @throws UnknownPartition before anything is written
   */
  async send(groups: Send, untilMs: number): Promise<ReadonlyMap<string, number>> {
    const partitions = byTopic(
      Array.from(groups, ([place, records]): PartitionToProduce => {
        const { topic, partition } = records[0] as Place
        return { topic, partition, records, firstSequence: this.#sequences.get(place) ?? 0 }
      }),
    )
    const appended = new Map<string, number>()
    await this.#retried(untilMs, async () => {
      const left = partitions.filter(({ topic, partition }) => !appended.has(`${topic}/${partition}`))
      const byLeader = await this.#byLeader(left)
      if (this.#transactionalId !== null) {
        await this.enlist(left, untilMs)
        for (const { topic, partition } of left) this.#written.set(`${topic}/${partition}`, { topic, partition })
      }
      const asked = Array.from(byLeader, async ([nodeId, own]) => {
        // Leaders are asked side by side, so only one of them can use the common memory.
        const frame = byLeader.size === 1 ? this.#frame : new FrameWriter()
        for (const { topic, partition, baseOffset } of await this.#produced(nodeId, own, frame))
          appended.set(`${topic}/${partition}`, baseOffset)
      })
      const failed = (await Promise.allSettled(asked)).find(answer => answer.status === 'rejected')
      if (failed) throw failed.reason
    })
    for (const [place, records] of groups)
      this.#sequences.set(place, ((this.#sequences.get(place) ?? 0) + records.length) % SEQUENCES)
    if (this.#frame.bytes.length > KEPT_FRAME_BYTES) this.#frame = new FrameWriter()
    return appended
  }

  async #produced(nodeId: number, own: PartitionToProduce[], frame: FrameWriter): Promise<PartitionProduced[]> {
    const by = {
      timestampMs: Date.now(),
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
      isTransactional: this.#transactionalId !== null,
    }
    return ask(await this.#cluster.findBroker({ nodeId }), produceRequest(this.#transactionalId, by, own), frame)
  }

  /** Asked once: whoever cannot know the outcome must read it from the log. */
  async commit(): Promise<void> {
    await ask(await this.#findCoordinator(), commitRequest(this.#transaction()), this.#frame)
    this.#enlisted.clear()
    const [written, last] = [this.#written, this.#writtenLast]
    this.#usual = [...written].filter(([place]) => last.has(place)).map(([, place]) => place)
    this.#writtenLast = written
    this.#written = new Map()
  }

  /** Begins the next transaction before its records are known, with the partitions that the last two both wrote to. */
  async begin(untilMs: number): Promise<void> {
    await this.enlist(this.#usual, untilMs)
  }

  /** Ends a transaction that was begun and wrote nothing. */
  async endUnused(untilMs: number): Promise<void> {
    if (this.#enlisted.size === 0) return
    await this.#retried(untilMs, async () => {
      await ask(await this.#findCoordinator(), commitRequest(this.#transaction()), this.#frame)
    })
    this.#enlisted.clear()
  }

  /** What is on its way may still arrive. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    try {
      await this.#cluster.disconnect()
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a producer could not be disconnected')
    }
  }

  #transaction(): TransactionOf {
    if (this.#transactionalId === null) throw new Error('wanted a producer with a transactional id')
    return {
      transactionalId: this.#transactionalId,
      producerId: this.#producerId,
      producerEpoch: this.#producerEpoch,
    }
  }

  async #findCoordinator(): Promise<Broker> {
    if (this.#coordinator?.isConnected()) return this.#coordinator
    const groupId = this.#transactionalId ?? ''
    this.#coordinator = await this.#cluster.findGroupCoordinator({ groupId, coordinatorType: TRANSACTION_COORDINATOR })
    return this.#coordinator
  }

  async #byLeader(partitions: readonly PartitionToProduce[]): Promise<Map<number, PartitionToProduce[]>> {
    const cluster = this.#cluster
    const topics = partitions.map(({ topic }) => topic).filter(topic => !this.#topics.has(topic))
    if (topics.length > 0) {
      await cluster.addMultipleTargetTopics(topics)
      for (const topic of topics) this.#topics.add(topic)
    }
    await cluster.refreshMetadataIfNecessary()
    const byLeader = new Map<number, PartitionToProduce[]>()
    const unknown: string[] = []
    for (const one of partitions) {
      const known = cluster.findTopicPartitionMetadata(one.topic)
      const leader = known.find(({ partitionId }) => partitionId === one.partition)?.leader ?? undefined
      if (leader === undefined) unknown.push(`${one.topic}/${one.partition}`)
      else {
        const own = byLeader.get(leader)
        if (own) own.push(one)
        else byLeader.set(leader, [one])
      }
    }
    if (unknown.length > 0) throw new UnknownPartition(`no such partition: ${unknown.join(', ')}`)
    return byLeader
  }

  /** Repeats what a broker that is starting, moving or busy refused, or did not hear. */
  async #retried(untilMs: number, act: () => Promise<void>, isWorthIt = isPassing): Promise<void> {
    try {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(1.5 * waitMs, MAX_WAIT_MS)) {
        try {
          return await act()
        } catch (error) {
          this.#frame = new FrameWriter() // the request may still be on its way out
          if (this.#isClosed || !isWorthIt(error) || Date.now() + waitMs > untilMs) throw error
          this.#options.logger.debug({ err: error, waitMs }, `asking the broker again: ${reasonOf(error)}`)
          await delay(waitMs)
          if (!isConcurrent(error)) await this.#refresh(error)
        }
      }
    } finally {
      // Closed meanwhile: kafkajs connects again by itself to whom it wants to ask.
      if (this.#isClosed) await this.#disconnect()
    }
  }

  async #refresh(error: unknown): Promise<void> {
    if (isCoordinatorLoading(error)) this.#coordinator = undefined
    const cluster = this.#cluster
    const { name, host, port } = error as { name?: string; host?: string; port?: number }
    if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
      cluster.removeBroker({ host, port })
    try {
      if (!cluster.isConnected()) await cluster.connect()
      await cluster.refreshMetadata()
    } catch (again) {
      if (!isPassing(again)) throw again
    }
  }
}

interface Place {
  readonly topic: string
  readonly partition: number
}

/** The partitions of one topic one after the other, as requests have them. */
const byTopic = <P extends Place>(places: P[]): P[] =>
  places.length < 2 ? places : places.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0))

/** True while a transaction of the last owner is being ended, or the coordinator starts. */
const isNotReady = (error: unknown): boolean => isConcurrent(error) || isCoordinatorLoading(error)

/** True where kafkajs says so: a connection lost, no answer in time, a leader or a coordinator elsewhere or not there yet. */
const isPassing = (error: unknown): boolean =>
  isConcurrent(error) || (error instanceof Error && (error as { retriable?: boolean }).retriable === true)
