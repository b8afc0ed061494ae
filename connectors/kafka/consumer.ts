import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Admin, Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs'
import { FreshetError } from '../../schemas/errors.ts'
import type { ConsumerOptions, LogConsumer, TopicPartition } from '../../topology/log-port.ts'
import { assigner } from './assigner.ts'
import { isAway, isCoordinatorLoading, isRebalance } from './causes.ts'
import type { FetchedBatch } from './fetched-batch.ts'
import type { Logger } from './logging.ts'

/** Fetched batches from this size on are read in a turn of the event loop of their own, bytes. */
const LARGE_BYTES = 32_000
const START_WITHIN_MS = 60_000
const EARLIEST = '-2' // wherever the partition begins, see `patches.ts`; position 0 would have to be there

export interface ConsumerSetup {
  /** A client of its own: kafkajs shares the positions of a group within one client, members of one process included. */
  newClient(): Kafka
  readonly admin: Admin
  readonly groupId: string
  /** Partitions of all topics together, ≥ 1. */
  readonly partitionCount: number
  readonly sessionTimeoutMs: number
  readonly logger: Logger
}

/** A partition of the current assignment. A new assignment makes new ones, so a handler of the last one changes nothing. */
interface Place {
  isPaused: boolean
  seeks: number
}

/**
 * A member of a group, positioned by its owner alone. A broadcast is a group of one, which the broker forgets by itself
 * when it is empty, since nothing was committed to it.
 *
 * opened ──▶ joining ──▶ assigned ──▶ stopped
 *               ▲            │
 *               └────────────┴─ rebalance, broker lost, coordinator loading
 * Anything that would not pass by itself, and a throw of `onBatch` or `onAssign`, ends it with one call of `onCrash`.
 */
export class KafkaConsumer implements LogConsumer {
  readonly #setup: ConsumerSetup
  readonly #options: ConsumerOptions
  readonly #openedAtMs = Date.now()
  readonly #heartbeatMs: number
  #client: Consumer
  #running: Promise<void> | undefined
  #places = new Map<string, Place>()
  #held: readonly number[] = []
  #isEnded = false
  #stopping: Promise<void> | undefined
  /** When the last fetch may have been sent. */
  #fetchedMs = 0
  /** kafkajs restarts a consumer by itself, and cannot be stopped before that has come to something. */
  #restarting: PromiseWithResolvers<void> | undefined

  private constructor(setup: ConsumerSetup, options: ConsumerOptions) {
    this.#setup = setup
    this.#options = options
    this.#heartbeatMs = Math.min(500, Math.floor(setup.sessionTimeoutMs / 3))
    this.#client = this.#newConsumer()
  }

  /** @returns connected; it joins its group afterwards */
  static async open(setup: ConsumerSetup, options: ConsumerOptions): Promise<KafkaConsumer> {
    const consumer = new KafkaConsumer(setup, options)
    try {
      await consumer.#connect()
    } catch (error) {
      await consumer.#disconnect()
      throw error
    }
    setImmediate(() => consumer.#join())
    return consumer
  }

  seek({ topic, partition }: TopicPartition, offset: number): void {
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(`${topic}[${partition}]: wanted an offset, got ${offset}`)
    }
    const place = this.#places.get(`${topic}/${partition}`)
    if (!place) return // lost in the meantime
    place.seeks++
    this.#client.seek({ topic, partition, offset: String(offset) })
  }

  pause({ topic, partition }: TopicPartition): void {
    const place = this.#places.get(`${topic}/${partition}`)
    if (!place) return
    place.isPaused = true
    this.#client.pause([{ topic, partitions: [partition] }])
  }

  resume({ topic, partition }: TopicPartition): void {
    const place = this.#places.get(`${topic}/${partition}`)
    if (!place) return
    place.isPaused = false
    this.#client.resume([{ topic, partitions: [partition] }])
  }

  /** During a rebalance nothing is committed: the next owner starts from what was before. */
  async commitOffsets(offsets: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    if (offsets.length === 0 || this.#places.size === 0) return
    try {
      await this.#client.commitOffsets(offsets.map(at => ({ ...at, offset: String(at.offset) })))
    } catch (error) {
      if (!isRebalance(error)) throw error
      this.#setup.logger.debug({ group: this.#setup.groupId, err: error }, 'positions not committed: rebalance')
    }
  }

  async committed(at: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    const topics = [...new Set(at.map(({ topic }) => topic))]
    const until = Date.now() + START_WITHIN_MS
    for (;;) {
      try {
        const answer = await this.#setup.admin.fetchOffsets({ groupId: this.#setup.groupId, topics })
        return at.map(({ topic, partition }) => {
          const partitions = answer.find(entry => entry.topic === topic)?.partitions ?? []
          const offset = Number(partitions.find(entry => entry.partition === partition)?.offset ?? -1)
          return offset < 0 ? undefined : offset
        })
      } catch (error) {
        if (!isCoordinatorLoading(error) || Date.now() > until) throw error
        await delay(200)
      }
    }
  }

  /** Resolves when the last handler has returned; so it must not be awaited inside one. Without a broker it takes some seconds. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#isEnded = true
    this.#places = new Map()
    await this.#running // kafkajs does not notice a stop while it joins
    await this.#restarting?.promise
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    try {
      await this.#client.disconnect()
    } catch (error) {
      this.#setup.logger.debug({ group: this.#setup.groupId, err: error }, 'a consumer did not stop cleanly')
    }
  }

  #newConsumer(): Consumer {
    const { newClient, groupId, sessionTimeoutMs } = this.#setup
    const strategy = this.#options.group === null ? 'single' : this.#options.assignment
    const client = newClient().consumer({
      groupId,
      partitionAssigners: [assigner(strategy, () => this.#held)],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(30_000, sessionTimeoutMs),
      heartbeatInterval: this.#heartbeatMs,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 5, restartOnFailure: async () => !this.#isEnded },
    })
    client.on('consumer.group_join', event => this.#assigned(client, event))
    client.on('consumer.crash', event => this.#crashed(client, event))
    return client
  }

  async #connect(): Promise<void> {
    await this.#client.connect()
    await this.#client.subscribe({ topics: [...this.#options.topics], fromBeginning: true })
  }

  #join(): void {
    if (this.#isEnded) return
    this.#running = this.#client
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: this.#setup.partitionCount,
        eachBatch: payload => this.#batch(payload),
      })
      .catch(error => this.#fail(error))
  }

  #assigned(client: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    if (client !== this.#client) return
    const restarting = this.#restarting
    this.#restarting = undefined
    if (restarting) setImmediate(restarting.resolve) // it runs only after this event
    if (this.#isEnded) return
    const assigned = Object.entries(payload.memberAssignment)
      .flatMap(([topic, partitions]) => partitions.map(partition => ({ topic, partition })))
      .toSorted((a, b) => a.partition - b.partition || (a.topic < b.topic ? -1 : 1))
    this.#places = new Map(assigned.map(at => [`${at.topic}/${at.partition}`, { isPaused: true, seeks: 0 }]))
    this.#held = [...new Set(assigned.map(({ partition }) => partition))]
    for (const { topic, partition } of assigned) {
      client.pause([{ topic, partitions: [partition] }]) // kafkajs keeps what was paused or not before
      client.seek({ topic, partition, offset: EARLIEST })
    }
    try {
      this.#options.onAssign(assigned, this)
    } catch (error) {
      this.#fail(error)
    }
  }

  async #batch({ batch: given, resolveOffset, heartbeat, isStale }: EachBatchPayload): Promise<void> {
    const batch = given as unknown as FetchedBatch // what `patches.ts` puts in the place of kafkajs's own
    const { topic, partition, nextOffset } = batch
    const place = this.#places.get(`${topic}/${partition}`)
    // Not resolved, it is fetched again from where the owner wants it.
    if (this.#isEnded || !place || place.isPaused || isStale()) return
    const { seeks } = place
    if (batch.size >= LARGE_BYTES) {
      await nextTurn()
      if (this.#places.get(`${topic}/${partition}`) !== place || place.isPaused || place.seeks !== seeks) return
    }
    const records = batch.records()
    const isDrained = nextOffset >= batch.stableEnd

    const beat = async (): Promise<void> => {
      try {
        await heartbeat()
      } catch (error) {
        // A rebalance, as a rule. kafkajs asks again after the batch and joins then.
        this.#setup.logger.debug({ group: this.#setup.groupId, err: error }, 'heartbeat refused')
      }
    }
    const beats = setInterval(beat, this.#heartbeatMs) // while the handler waits for the log
    try {
      await this.#options.onBatch({ topic, partition, records, nextOffset, isDrained, heartbeat: beat })
    } catch (error) {
      return this.#fail(error)
    } finally {
      clearInterval(beats)
    }
    if (this.#places.get(`${topic}/${partition}`) !== place || place.seeks !== seeks) return
    resolveOffset(String(nextOffset - 1))
    const restMs = this.#fetchedMs + (this.#options.fetchGapMs ?? 0) - Date.now()
    if (restMs > 0 && isDrained) await delay(restMs)
    this.#fetchedMs = Date.now()
  }

  #crashed(client: Consumer, { payload: { error, restart } }: ConsumerCrashEvent): void {
    if (client !== this.#client) return
    if (restart) this.#restarting ??= Promise.withResolvers()
    else this.#restarting?.resolve()
    if (this.#isEnded) return
    this.#places = new Map() // handlers of this session change nothing any more
    if (restart) {
      this.#setup.logger.warn({ group: this.#setup.groupId, err: error }, 'consumer lost its broker, joins again')
    } else if (isAway(error) || (isCoordinatorLoading(error) && Date.now() < this.#openedAtMs + START_WITHIN_MS)) {
      this.#setup.logger.warn({ group: this.#setup.groupId, err: error }, 'no broker answers, joins again')
      this.#running = this.#rejoin()
    } else this.#fail(error)
  }

  /** With a client of its own, since kafkajs has given the last one up; for as long as no broker answers. */
  async #rejoin(): Promise<void> {
    for (;;) {
      await delay(200)
      if (this.#isEnded) return
      try {
        this.#client = this.#newConsumer()
        await this.#connect()
        return this.#join()
      } catch (error) {
        await this.#disconnect()
        if (!isAway(error)) return this.#fail(error)
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#options.onCrash(ourOwn(error))
    void this.stop()
  }
}

/** kafkajs wraps what ended a consumer; our own error of the table inside of it says more. */
function ourOwn(error: unknown): Error {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof FreshetError) return cause
  return error instanceof Error ? error : new Error(String(error))
}
