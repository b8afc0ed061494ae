/**
 * Replays events into interactions.v1: in their order, with original or shifted times, as fast as the reader behind keeps up
 * or at a factor of real time. The log acknowledges a batch before the position moves on, so a replay that was interrupted
 * goes on where it stopped and loses nothing.
 */
import { partitionOf } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import type { LogPort, OutRecord } from '../topology/log-port.ts'
import type { ReplayPosition, ReplayState } from './replay-position.ts'

/** Events in one call to the log. */
const BATCH_EVENTS = 500
/** Bytes of values in one call to the log. */
const BATCH_BYTES = 512 * 1024
/** With more events than this waiting for the reader, the replay waits too. */
const MAX_LAG = 20_000
const LAG_WAIT_MS = 20

export interface ReplayOptions {
  /** Reads the events from their beginning, in order of time; called twice for a replay that has no position yet. */
  readonly events: () => AsyncIterable<Interaction>
  readonly log: LogPort
  readonly wire: Pick<Wire, 'encode'>
  readonly namespace: string
  readonly format: 'avro' | 'json'
  readonly position: ReplayPosition
  /** On the first start, moves all times so that the newest event is now. */
  readonly shiftToNow: boolean
  /** 60 plays an hour in a minute; undefined as fast as possible. */
  readonly speed?: number
  /** Stop after this many events of the data set. */
  readonly limit?: number
  /** Events that wait to be processed; the replay is held while there are many. */
  lag?(): number
  readonly clock: { now(): number; wait(ms: number): Promise<void> }
  /** Called when the position stands and nothing was sent yet, so that what it does is part of the replay that can be resumed. */
  onBegin?(): Promise<void>
  onProgress?(done: number, total: number, lag: number | undefined): void
  readonly signal?: AbortSignal
}

export interface ReplayResult {
  /** Events of this run. */
  readonly sent: number
  /** Events of the data set that are in the log now, and how many there are (or were asked for). */
  readonly done: number
  readonly total: number
}

export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { log, clock, position, signal } = options
  const name = topicName(topics.interactions, options.namespace)
  const partitions = (await log.offsets(name)).length
  let state = position.load() ?? (await survey(options))
  position.save(state)
  await options.onBegin?.()
  const total = Math.min(state.total, options.limit ?? state.total)
  const before = state.done
  const pace = new Pace(options, state)

  let batch: OutRecord[] = []
  let bytes = 0
  const flush = async () => {
    if (batch.length === 0) return
    await log.produce(batch)
    state = { ...state, done: state.done + batch.length }
    position.save(state)
    batch = []
    bytes = 0
    options.onProgress?.(state.done, total, options.lag?.())
    while ((options.lag?.() ?? 0) > MAX_LAG && !signal?.aborted) {
      await clock.wait(LAG_WAIT_MS)
      options.onProgress?.(state.done, total, options.lag?.())
    }
  }
  let number = 0
  for await (const event of before < total ? options.events() : []) {
    if (signal?.aborted || number >= total) break
    if (number++ < before) continue
    if (pace.aheadMs(event.occurredAt) > 0) {
      await flush()
      await pace.wait(event.occurredAt)
      if (signal?.aborted) break
    }
    const record = recordOf({ ...event, occurredAt: event.occurredAt + state.shiftMs }, options, name, partitions)
    batch.push(record)
    bytes += record.value?.length ?? 0
    if (batch.length >= BATCH_EVENTS || bytes >= BATCH_BYTES) await flush()
  }
  await flush()
  return { sent: state.done - before, done: state.done, total }
}

function recordOf(event: Interaction, options: ReplayOptions, topic: string, partitions: number): OutRecord {
  const visitor = event.userId ?? event.anonymousId ?? ''
  const value =
    options.format === 'avro' ? options.wire.encode(topics.interactions, event) : Buffer.from(JSON.stringify(event))
  return { topic, partition: partitionOf(visitor, partitions), key: Buffer.from(visitor), value }
}

/** Counts the events and finds their ends; the shift is decided here, once. */
async function survey(options: ReplayOptions): Promise<ReplayState> {
  let total = 0
  let oldestMs = Number.POSITIVE_INFINITY
  let newestMs = Number.NEGATIVE_INFINITY
  for await (const { occurredAt } of options.events()) {
    total++
    oldestMs = Math.min(oldestMs, occurredAt)
    newestMs = Math.max(newestMs, occurredAt)
  }
  if (total === 0) return { shiftMs: 0, total, oldestMs: 0, newestMs: 0, done: 0 }
  return { shiftMs: options.shiftToNow ? options.clock.now() - newestMs : 0, total, oldestMs, newestMs, done: 0 }
}

/** When an event is due at a factor of real time, counted from the first one sent. */
class Pace {
  readonly #options: ReplayOptions
  readonly #startedMs: number
  #firstMs: number | undefined

  constructor(options: ReplayOptions, state: ReplayState) {
    this.#options = options
    this.#startedMs = options.clock.now()
    this.#firstMs = state.done === 0 ? state.oldestMs : undefined
  }

  /** @returns ms until the event is due; 0 where no factor is given */
  aheadMs(atMs: number): number {
    const { speed, clock } = this.#options
    if (speed === undefined) return 0
    this.#firstMs ??= atMs
    return this.#startedMs + (atMs - this.#firstMs) / speed - clock.now()
  }

  /** In short waits, so that an abort is heard. */
  async wait(atMs: number): Promise<void> {
    for (;;) {
      const ahead = this.aheadMs(atMs)
      if (ahead <= 0 || this.#options.signal?.aborted) return
      await this.#options.clock.wait(Math.min(ahead, 200))
    }
  }
}
