/**
 * Hands the records of assigned partitions to a consumer: one batch of a partition at a time, partitions side by side,
 * and never a poll: whoever appends calls `wake`. The embedded and the simulated log share it.
 *
 *   hold()              assign()                        stop(), a throw
 *   ┌──── delivering ◄──────────── held ◄──── (new)   ─────────────────► ended
 *   └─────────────────────────────► ▲
 */
import type { ConsumerOptions, LogConsumer, LogRecord, TopicPartition } from './log-port.ts'

export interface PumpRead {
  readonly records: readonly LogRecord[]
  readonly nextOffset: number
  readonly isDrained: boolean
}

export interface PumpSource {
  /** @returns undefined where nothing waits. A throw ends the consumer. */
  read(at: TopicPartition, offset: number): PumpRead | undefined | Promise<PumpRead | undefined>
  heartbeat(): Promise<void>
  /** Awaited after every batch; the place for a gap between fetches and for others to have a turn. */
  breathe(records: number): Promise<void>
  /** A handler has returned, or the pump has come to rest. */
  onRest(): void
  /** The handler or a read threw; the pump has ended. */
  onThrow(error: Error): void
}

interface Cursor extends TopicPartition {
  position: number
  isPaused: boolean
  isRunning: boolean
  isWoken: boolean
  /** Rises with every seek, so that a batch under way does not overwrite the new position. */
  seeks: number
}

const idOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

export class LogPump {
  readonly #source: PumpSource
  readonly #options: ConsumerOptions
  #cursors = new Map<string, Cursor>()
  #state: 'held' | 'delivering' | 'ended' = 'held'
  #running = 0
  #handlers = 0
  #resting: (() => void)[] = []

  constructor(options: ConsumerOptions, source: PumpSource) {
    this.#options = options
    this.#source = source
  }

  /** True while no handler runs. */
  get isQuiet(): boolean {
    return this.#handlers === 0
  }

  /** True while no handler runs and no partition is being read. */
  get isAtRest(): boolean {
    return this.#running === 0
  }

  get assigned(): readonly TopicPartition[] {
    return [...this.#cursors.values()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Every partition starts paused at its beginning; the listener seeks and resumes. */
  assign(starts: readonly (TopicPartition & { readonly begin: number })[], consumer: LogConsumer): void {
    if (this.#state === 'ended') return
    this.#cursors = new Map(
      starts.map(({ topic, partition, begin }) => [
        idOf({ topic, partition }),
        { topic, partition, position: begin, isPaused: true, isRunning: false, isWoken: false, seeks: 0 },
      ]),
    )
    this.#state = 'delivering'
    try {
      this.#options.onAssign(this.assigned, consumer)
    } catch (error) {
      this.#end(asError(error))
    }
  }

  /** No new batch until the next assignment; handlers under way finish. */
  hold(): void {
    if (this.#state === 'delivering') this.#state = 'held'
  }

  seek(at: TopicPartition, offset: number): void {
    const cursor = this.#cursors.get(idOf(at))
    if (!cursor) return
    cursor.position = offset
    cursor.seeks++
    this.#start(cursor)
  }

  pause(at: TopicPartition): void {
    const cursor = this.#cursors.get(idOf(at))
    if (cursor) cursor.isPaused = true
  }

  resume(at: TopicPartition): void {
    const cursor = this.#cursors.get(idOf(at))
    if (!cursor) return
    cursor.isPaused = false
    this.#start(cursor)
  }

  /** There may be something to read. */
  wake(id: string): void {
    const cursor = this.#cursors.get(id)
    if (cursor) this.#start(cursor)
  }

  /** Delivers nothing more, and does not wait. */
  kill(): void {
    this.#state = 'ended'
  }

  /** Resolves once the handlers under way have returned; so never await it inside one. */
  async stop(): Promise<void> {
    this.kill()
    if (!this.isAtRest) await new Promise<void>(resolve => this.#resting.push(resolve))
  }

  #start(cursor: Cursor): void {
    cursor.isWoken = true
    if (!cursor.isRunning && this.#mayRead(cursor)) void this.#run(cursor)
  }

  #mayRead(cursor: Cursor): boolean {
    return this.#state === 'delivering' && !cursor.isPaused && this.#cursors.get(idOf(cursor)) === cursor
  }

  async #run(cursor: Cursor): Promise<void> {
    cursor.isRunning = true
    this.#running++
    try {
      // Seeking, resuming and appending set isWoken, so nothing that happens during an await is missed.
      while (cursor.isWoken && this.#mayRead(cursor)) {
        cursor.isWoken = false
        await this.#deliver(cursor)
      }
    } catch (error) {
      this.#end(asError(error))
    }
    cursor.isRunning = false
    this.#running--
    if (this.#running === 0) for (const resolve of this.#resting.splice(0)) resolve()
    this.#source.onRest()
  }

  async #deliver(cursor: Cursor): Promise<void> {
    const { topic, partition, seeks, position } = cursor
    const read = await this.#source.read(cursor, position)
    if (!read || !this.#mayRead(cursor)) return
    cursor.isWoken = true
    if (seeks !== cursor.seeks) return
    this.#handlers++
    try {
      await this.#options.onBatch({ topic, partition, ...read, heartbeat: () => this.#source.heartbeat() })
    } finally {
      this.#handlers--
    }
    if (seeks === cursor.seeks) cursor.position = read.nextOffset
    this.#source.onRest()
    await this.#source.breathe(read.records.length)
  }

  #end(error: Error): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#source.onThrow(error)
  }
}
