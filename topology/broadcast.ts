/**
 * Tables that every process holds whole. One consumer without a group reads all of them; each record goes to every index
 * made for its topic. Nothing that reads an index starts before {@link Broadcast.loaded}.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { BroadcastIndex, TableRecord } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import type { Wire } from '../schemas/wire.ts'
import type { Clock } from './clock.ts'
import type { AnyTopic } from './graph.ts'
import type { Batch, LogConsumer, LogPort } from './log-port.ts'
import { Slices } from './slices.ts'

export type BroadcastListener = (record: TableRecord) => void

interface BroadcastOptions {
  readonly topics: readonly AnyTopic[]
  readonly log: LogPort
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly clock: Clock
  readonly logger: Logger
  readonly onFatal: (error: Error) => void
}

export class Broadcast {
  readonly #o: BroadcastOptions
  readonly #byName: ReadonlyMap<string, AnyTopic>
  readonly #indexes = new Map<string, BroadcastIndex[]>()
  readonly #listeners = new Map<string, BroadcastListener[]>()
  /** `topic/partition` → the end it had at start, until that is reached. */
  readonly #behind = new Map<string, number>()
  readonly #loaded = Promise.withResolvers<void>()
  /** `topic/partition` → next offset to take in: a consumer that lost its broker is handed the table from its beginning again. */
  readonly #positions = new Map<string, number>()
  readonly #stopping = new AbortController()
  #consumer: LogConsumer | undefined

  constructor(options: BroadcastOptions) {
    this.#o = options
    this.#byName = new Map(options.topics.map(topic => [options.nameOf(topic), topic]))
  }

  /** Resolves when every table has been read to the end it had at start. */
  get loaded(): Promise<void> {
    return this.#loaded.promise
  }

  addIndex(topic: AnyTopic, index: BroadcastIndex): void {
    this.#indexes.set(topic.name, [...(this.#indexes.get(topic.name) ?? []), index])
  }

  /** @param listener - called after the indexes have taken the record in, live records only */
  listen(topic: AnyTopic, listener: BroadcastListener): void {
    this.#listeners.set(topic.name, [...(this.#listeners.get(topic.name) ?? []), listener])
  }

  async start(): Promise<void> {
    const { log, onFatal } = this.#o
    for (const name of this.#byName.keys())
      for (const [partition, { begin, end }] of (await log.offsets(name)).entries())
        if (end > begin) this.#behind.set(`${name}/${partition}`, end)
    if (this.#behind.size === 0) this.#loaded.resolve()
    if (this.#byName.size === 0) return
    this.#consumer = await log.consume({
      group: null,
      topics: [...this.#byName.keys()],
      assignment: 'copartition',
      onAssign: (assigned, consumer) => {
        for (const at of assigned) {
          const position = this.#positions.get(`${at.topic}/${at.partition}`)
          if (position !== undefined) consumer.seek(at, position)
          consumer.resume(at)
        }
      },
      onBatch: batch => this.#onBatch(batch),
      onCrash: onFatal,
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#consumer?.stop()
  }

  async #onBatch(batch: Batch): Promise<void> {
    const topic = this.#byName.get(batch.topic)
    if (!topic) return
    const id = `${batch.topic}/${batch.partition}`
    const { wire, logger, clock } = this.#o
    if (!(await prepared(batch, wire, logger, this.#stopping.signal))) return
    const slices = new Slices(clock)
    for (const record of tableRecords(topic, batch, wire, logger)) {
      if (record.offset < (this.#positions.get(id) ?? 0)) continue
      for (const index of this.#indexes.get(topic.name) ?? []) index.apply(record)
      if (this.#behind.size === 0) for (const listener of this.#listeners.get(topic.name) ?? []) listener(record)
      this.#positions.set(id, record.offset + 1)
      if (!slices.areOver) continue
      await batch.heartbeat()
      await slices.rest()
    }
    this.#positions.set(id, Math.max(batch.nextOffset, this.#positions.get(id) ?? 0))
    const end = this.#behind.get(id)
    if (end === undefined || batch.nextOffset < end) return
    this.#behind.delete(id)
    if (this.#behind.size === 0) this.#loaded.resolve()
  }
}

/** Readable records of a batch of a table, decoded as they are asked for; unreadable ones are logged and left out. */
export function* tableRecords(topic: AnyTopic, batch: Batch, wire: Wire, logger: Logger): Generator<TableRecord> {
  for (const { partition, offset, timestampMs, key, value } of batch.records) {
    if (key === null) continue
    let decoded: unknown = null
    try {
      if (value !== null) decoded = wire.decode<unknown>(topic, value)
    } catch (error) {
      if (!(error instanceof FreshetError)) throw error
      const { code, message: reason } = error
      logger.warn({ code, topic: batch.topic, partition, offset, reason }, 'record of a table left out')
      continue
    }
    yield { topic: topic.name, partition, offset, timestampMs, key: key.toString(), value: decoded }
  }
}

/** Waits for a registry that is away, until `stopping`. @returns whether the batch can be decoded */
export async function prepared(batch: Batch, wire: Wire, logger: Logger, stopping: AbortSignal): Promise<boolean> {
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      await wire.prepare(batch.records.map(record => record.value))
      return true
    } catch (error) {
      if (stopping.aborted) return false
      logger.warn({ err: error, waitMs }, 'the schema registry does not answer; waiting')
      await wait(waitMs, undefined, { signal: stopping }).catch(() => undefined) // aborted: given up above
      await batch.heartbeat()
    }
  }
}
