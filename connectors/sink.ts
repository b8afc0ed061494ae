/**
 * Writes the published tables into the view. At least once: values carry versions, so a record may come twice. The
 * position of each partition stands in the view itself and is written after the values, by compare and set. What it
 * finds there tells a flushed view (nothing) or one that went back (older), and then it replays.
 *
 *   restoring ─► running ─► restoring    (the position in the view is missing or older, or the view was reconnected)
 *       └──────────┴──────► dropped      (another assignment)
 *
 * A position of a newer incarnation of the table means that the view is filled from that one now: nothing is written any more.
 */
import type { Logger } from 'pino'
import { errors, FreshetError } from '../schemas/errors.ts'
import { MAX_LIST_AGE_SECONDS } from '../schemas/keys.ts'
import type { Profile } from '../schemas/profile.ts'
import type { RankedList } from '../schemas/ranked-list.ts'
import { type Topic, topicName, topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import type { Batch, LogConsumer, LogPort, LogRecord, TopicPartition } from '../topology/log-port.ts'
import { furthest, nameOf, newProgress, type Progress } from './sink-progress.ts'
import { isNewer, type View, type ViewWrite } from './view.ts'
import { identityOf, sinkTopics, viewWrites } from './view-writes.ts'

/** Records decoded and written between two heartbeats. */
const SLICE = 500
const POSITION_MS = 100
const CHECK_MS = 1_000
const PRUNE_MS = 60_000
const RETRY_MS = 250
const HEARTBEAT_MS = 1_000
const SUPERSEDED_MS = 5_000

/**
 * A key can be read whose record knows everything up to `asOf`. Told of a list and of the session tier, in order; not of the coalesced rest
 * of a profile, nor of what is only written again because the view had lost it.
 */
export interface Written {
  readonly topic: 'lists.v1' | 'profiles.v1'
  /** The visitor, kind-tagged. */
  readonly key: string
  /** `partition:offset` of the newest interaction in it. */
  readonly asOf: string
  /** Append time of that interaction, ms since the epoch; 0 where there is none. */
  readonly appendedAtMs: number
}

export interface SinkOptions {
  readonly log: LogPort
  readonly wire: Wire
  readonly view: View
  readonly namespace: string
  readonly group: string
  /** By real topic name; rises with every new incarnation of the topic. */
  readonly generationOf: (topic: string) => number
  /** The name of a source by its number, see RankedList. */
  readonly sourceName: (source: number) => string
  readonly clock: {
    now(): number
    wait(ms: number): Promise<void>
    every(ms: number, work: () => void): () => void
  }
  readonly logger: Logger
  readonly fetchGapMs?: number
  readonly onWritten?: (written: Written) => void
  readonly onCrash: (error: Error) => void
}

export class Sink {
  readonly #options: SinkOptions
  readonly #consumer = Promise.withResolvers<LogConsumer>()
  readonly #progress = new Map<string, Progress>()
  readonly #tables: ReadonlyMap<string, Topic<unknown>>
  readonly #timers: (() => void)[] = []
  /** Batches that wait for the view or the registry. */
  readonly #waiting = new Set<Batch>()
  #partitions = new Map<string, number>()
  #moving: Promise<void> = Promise.resolve()
  readonly #stopping = new AbortController()

  private constructor(options: SinkOptions) {
    this.#options = options
    this.#tables = new Map(sinkTopics.map(topic => [topicName(topic, options.namespace), topic as Topic<unknown>]))
  }

  static async start(options: SinkOptions): Promise<Sink> {
    const sink = new Sink(options)
    const { log, view, clock, group, fetchGapMs } = options
    for (const name of sink.#tables.keys()) sink.#partitions.set(name, (await log.offsets(name)).length)
    const consumer = await log.consume({
      group,
      topics: [...sink.#tables.keys()],
      assignment: 'copartition',
      ...(fetchGapMs !== undefined && { fetchGapMs }),
      onAssign: assigned => sink.#assign(assigned),
      onBatch: batch => sink.#take(batch),
      onCrash: error => sink.#stopping.signal.aborted || options.onCrash(error),
    })
    sink.#consumer.resolve(consumer)
    view.onReconnect(() => sink.#replayAll())
    sink.#timers.push(clock.every(POSITION_MS, () => void sink.#movePositions(false)))
    sink.#timers.push(clock.every(CHECK_MS, () => void sink.#movePositions(true).then(() => sink.#commit())))
    sink.#timers.push(clock.every(HEARTBEAT_MS, () => sink.#beat()))
    sink.#timers.push(clock.every(PRUNE_MS, () => void sink.#prune()))
    return sink
  }

  /** Everything before these offsets is in the view: real topic name, partition, offset. */
  positions(): readonly (TopicPartition & { offset: number })[] {
    return Array.from(this.#progress.values(), ({ topic, partition, next }) => ({ topic, partition, offset: next }))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const cancel of this.#timers) cancel()
    await this.#movePositions(false)
    await this.#commit()
    await (await this.#consumer.promise).stop()
  }

  #assign(assigned: readonly TopicPartition[]) {
    for (const progress of this.#progress.values()) progress.state = 'dropped'
    this.#progress.clear()
    for (const { topic, partition } of assigned) {
      const table = this.#tables.get(topic)
      if (!table) continue
      const progress = newProgress({ topic, partition }, table)
      this.#progress.set(nameOf(progress), progress)
      void this.#restore(progress)
    }
  }

  /** Starts where the view says, else at the beginning, and leaves a mark there before the first value is written. */
  async #restore(progress: Progress): Promise<void> {
    const { view, log, clock, logger, generationOf } = this.#options
    const { topic, partition, table } = progress
    while (progress.state === 'restoring' && !this.#stopping.signal.aborted) {
      try {
        await progress.busy
        const consumer = await this.#consumer.promise
        const found = await view.readPosition(table.name, partition)
        const generation = generationOf(topic)
        if (found && found.generation > generation) {
          logger.warn(
            { topic, partition },
            'the view is filled from a newer generation; start this process again to follow',
          )
          await clock.wait(SUPERSEDED_MS)
          continue
        }
        const range = (await log.offsets(topic))[partition] ?? { begin: 0, end: 0 }
        const isUsable = found?.generation === generation && found.offset <= range.end
        const to = { generation, offset: isUsable ? Math.max(found.offset, range.begin) : range.begin }
        const [result] = await view.movePositions([{ table: table.name, partition, from: found, to }])
        if (!result?.moved) continue
        if (progress.state !== 'restoring') return
        const newsFrom = isUsable ? to.offset : range.end
        Object.assign(progress, { stands: to, next: to.offset, newsFrom, state: 'running' })
        consumer.seek(progress, to.offset)
        consumer.resume(progress)
        logger.info({ topic, partition, offset: to.offset, isReplay: !isUsable }, 'sink partition restored')
        return
      } catch (error) {
        logger.warn({ topic, partition, err: error }, 'sink partition cannot be restored yet')
        await clock.wait(RETRY_MS)
      }
    }
  }

  async #take(batch: Batch): Promise<void> {
    const progress = this.#progress.get(nameOf(batch))
    if (progress?.state !== 'running') return
    const work = this.#write(batch, progress, progress.run)
    progress.busy = work.catch(() => undefined) // the consumer hears of it; a replay only waits for the end
    await work
  }

  async #write(batch: Batch, progress: Progress, run: number): Promise<void> {
    await this.#prepare(batch)
    for (let at = 0; at < batch.records.length; at += SLICE) {
      const writes = new Map<string, ViewWrite>()
      const written = new Map<string, Written>()
      for (const record of batch.records.slice(at, at + SLICE)) this.#decode(record, progress, writes, written)
      await this.#beating(batch, this.#options.view.write([...writes.values()], this.#stopping.signal))
      for (const one of written.values()) this.#options.onWritten?.(one)
      if (at + SLICE < batch.records.length) await batch.heartbeat()
    }
    if (progress.run === run && progress.state === 'running') progress.next = batch.nextOffset
  }

  /** Waits for a registry that is away: nothing of the batch can be read without it. */
  async #prepare(batch: Batch): Promise<void> {
    const { wire, clock, logger } = this.#options
    for (;;) {
      try {
        return await wire.prepare(batch.records.map(record => record.value))
      } catch (error) {
        const isAway = error instanceof FreshetError && errors[error.code].fate === 'retry'
        if (!isAway || this.#stopping.signal.aborted) throw error
        logger.warn({ err: error }, 'sink waits for the registry')
        await this.#beating(batch, clock.wait(RETRY_MS))
      }
    }
  }

  /** Keeps the assignment while the view or the registry is away. */
  async #beating<T>(batch: Batch, work: Promise<T>): Promise<T> {
    this.#waiting.add(batch)
    try {
      return await work
    } finally {
      this.#waiting.delete(batch)
    }
  }

  #beat(): void {
    const { logger } = this.#options
    for (const batch of this.#waiting)
      batch.heartbeat().catch(error => logger.debug({ err: error }, 'sink heartbeat failed'))
  }

  /** The last record of a key wins within a slice; of an item each is written. */
  #decode(record: LogRecord, progress: Progress, writes: Map<string, ViewWrite>, written: Map<string, Written>) {
    const { wire, logger, clock, sourceName, generationOf } = this.#options
    const { table, topic, partition } = progress
    try {
      const value = record.value === null ? null : wire.decode(table, record.value)
      const avro = record.value === null ? undefined : wire.ownAvro(table, record.value)
      const key = record.key?.toString() ?? ''
      const decoded = { key, partition, timestampMs: record.timestampMs, value, ...(avro && { avro }) }
      const made = viewWrites(table.name, decoded, {
        version: { generation: generationOf(topic), offset: record.offset },
        partitions: this.#partitions.get(topic) ?? 1,
        nowMs: clock.now(),
        sourceName,
      })
      for (const write of made) writes.set(identityOf(write), write)
      const news = newsOf(table.name, value)
      if (news && record.offset >= progress.newsFrom) written.set(`${news.key}/${decoded.key}`, news)
    } catch (error) {
      logger.error({ topic, partition, offset: record.offset, err: error }, 'sink record cannot be read, left out')
    }
  }

  /** @param isCheck - look at every partition, not only at those that moved */
  #movePositions(isCheck: boolean): Promise<void> {
    const next = this.#moving.then(() => this.#moveNow(isCheck))
    this.#moving = next
    return next
  }

  async #moveNow(isCheck: boolean): Promise<void> {
    const running = [...this.#progress.values()].filter(one => one.state === 'running')
    const moving = running
      .filter(one => isCheck || one.next > one.stands.offset)
      .map(progress => ({ progress, run: progress.run, to: furthest(progress) }))
    if (moving.length === 0) return
    try {
      const results = await this.#options.view.movePositions(
        moving.map(({ progress, to }) => {
          const { table, partition, stands } = progress
          return { table: table.name, partition, from: stands, to }
        }),
      )
      for (const [index, { progress, run, to }] of moving.entries()) {
        const result = results[index]
        if (!result || progress.run !== run || progress.state !== 'running') continue
        if (result.moved) progress.stands = to
        else if (result.found?.generation === to.generation && isNewer(result.found, progress.stands))
          progress.stands = result.found
        else await this.#replay(progress)
      }
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'sink positions not written, tried again')
    }
  }

  /**
   * The server we are connected to now may be a replica, or have restarted, without the last values that were acknowledged. A
   * position that stands unmoved does not show it, but all before it is there: it was written after the values.
   */
  #replayAll(): void {
    for (const progress of this.#progress.values()) if (progress.state === 'running') void this.#replay(progress)
  }

  async #replay(progress: Progress): Promise<void> {
    const { topic, partition } = progress
    progress.state = 'restoring'
    progress.run++
    this.#options.logger.info({ topic, partition }, 'the view may have lost values, written again from its position on')
    const consumer = await this.#consumer.promise
    consumer.pause(progress)
    void this.#restore(progress)
  }

  /** For dashboards: the positions that count stand in the view. */
  async #commit(): Promise<void> {
    const moved = [...this.#progress.values()].filter(one => one.state === 'running' && one.committed !== one.next)
    if (moved.length === 0) return
    try {
      const consumer = await this.#consumer.promise
      await consumer.commitOffsets(moved.map(({ topic, partition, next }) => ({ topic, partition, offset: next })))
      for (const progress of moved) progress.committed = progress.next
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'sink group offsets not committed, tried again')
    }
  }

  async #prune(): Promise<void> {
    try {
      await this.#options.view.pruneGone(this.#options.clock.now() - MAX_LIST_AGE_SECONDS * 1000)
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'gone set not pruned, tried again')
    }
  }
}

function newsOf(table: string, value: unknown): Written | undefined {
  if (value === null || (table !== topics.lists.name && table !== topics.profiles.name)) return undefined
  if (table === topics.profiles.name && (value as Profile).hot === null) return undefined
  const { visitor, partition, offset, appendedAtMs } = value as RankedList | Profile
  return { topic: table as Written['topic'], key: visitor, asOf: `${partition}:${offset}`, appendedAtMs }
}
