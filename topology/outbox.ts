/** What one transaction of a task will write besides its changelog. Tables keep the last value a key. */
import type { Signal } from '../schemas/signals.ts'
import type { Wire } from '../schemas/wire.ts'
import { partitionOf } from '../schemas/ids.ts'
import { FrameWriter } from './frames.ts'
import type { AnyTopic, Stage } from './graph.ts'
import type { LogRecord, OutRecord } from './log-port.ts'
import { timesRedriven } from './record-headers.ts'

/** What stands in `rejected.v1` of a record: with the rest around it, it must be smaller than the largest record of a log. */
const MAX_REJECTED_BYTES = 900_000
const MAX_REJECTED_KEY_BYTES = 10_000

interface OutboxOptions {
  readonly stage: Stage
  readonly partition: number
  readonly partitions: number
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
}

export class Outbox {
  readonly #o: OutboxOptions
  readonly #frames: FrameWriter
  #streams: OutRecord[] = []
  readonly #tables = new Map<AnyTopic, Map<string, unknown>>()

  constructor(options: OutboxOptions) {
    this.#o = options
    this.#frames = new FrameWriter(options.partition, options.partitions)
  }

  /** All or, where one cannot be encoded, no record of a stream. @throws what the encoding threw */
  publishAll(all: readonly { readonly topic: AnyTopic; readonly key: string; readonly value: unknown }[]): void {
    const before = this.#streams.length
    try {
      for (const { topic, key, value } of all) if (topic.kind === 'stream') this.publish(topic, key, value)
    } catch (error) {
      this.#streams.length = before
      throw error
    }
    for (const { topic, key, value } of all) if (topic.kind !== 'stream') this.publish(topic, key, value)
  }

  publish(topic: AnyTopic, key: string, value: unknown): void {
    if (topic.kind === 'stream') this.#streams.push(this.encoded(topic, key, value))
    else {
      const table = this.#tables.get(topic)
      if (table) table.set(key, value)
      else this.#tables.set(topic, new Map([[key, value]]))
    }
  }

  signals(offset: number, atMs: number, deltas: readonly Signal[]): void {
    this.#frames.add(offset, atMs, deltas)
  }

  setAside(topic: AnyTopic, record: LogRecord, appendedAtMs: number, code: string, message: string): void {
    const { partition, wire, nameOf } = this.#o
    const { topic: source, offset } = record
    const key = record.key && record.key.length > MAX_REJECTED_KEY_BYTES ? null : record.key
    const bytes = record.value?.length ?? 0
    const isTooLarge = bytes > MAX_REJECTED_BYTES
    const value = isTooLarge ? null : record.value
    const sentence = isTooLarge ? `${message}; its value of ${bytes} bytes stands at the source only` : message
    const redriven = timesRedriven(record)
    const rejected = { topic: source, partition, offset, appendedAtMs, key, value, code, message: sentence, redriven }
    this.#streams.push({ topic: nameOf(topic), partition, key, value: wire.encode(topic, rejected) })
  }

  /** Something waits that was published at once. */
  get isWaitedFor(): boolean {
    return this.#streams.length > 0 || this.#tables.size > 0
  }

  /** @returns all records, encoded as they are asked for; it has started anew with the first one */
  *take(): Generator<OutRecord> {
    const { stage, nameOf, wire } = this.#o
    const streams = this.#streams
    const tables = [...this.#tables]
    const frames = stage.signalsTo ? this.#frames.take() : []
    this.clear()
    yield* streams
    for (const [topic, table] of tables) for (const [key, value] of table) yield this.encoded(topic, key, value)
    for (const { partition, frame } of frames) {
      const topic = stage.signalsTo as AnyTopic
      yield { topic: nameOf(topic), partition, key: null, value: wire.encode(topic, frame) }
    }
  }

  clear(): void {
    this.#streams = []
    this.#tables.clear()
    this.#frames.clear()
  }

  /** @throws what the encoding threw */
  encoded(topic: AnyTopic, key: string, value: unknown): OutRecord {
    const { partition, partitions, wire, nameOf } = this.#o
    const target = topic.by === 'key' ? partitionOf(key, partitions) : partition
    const bytes = value === null ? null : wire.encode<unknown>(topic, value)
    return { topic: nameOf(topic), partition: target, key: Buffer.from(key), value: bytes }
  }
}
