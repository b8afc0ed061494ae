/**
 * A V stage in this process. Its inputs are read from their beginning at every start; nothing is built before every
 * broadcast and every input has reached the end it had then. Keys that were published before (their record lies before
 * the committed position) are not built again. At least once: positions are committed behind what the log has.
 */
import type { Logger } from 'pino'
import type { BroadcastIndex, ViewDefinition, ViewInstance } from '../processors/define.ts'
import type { Wire } from '../schemas/wire.ts'
import { type Broadcast, prepared, tableRecords } from './broadcast.ts'
import type { Clock } from './clock.ts'
import type { AnyTopic } from './graph.ts'
import type { Batch, LogConsumer, LogPort, TopicPartition } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import { Slices } from './slices.ts'
import { ViewBuilder } from './view-builder.ts'
import { idOf, newViewTask, safePositions, type ViewTask } from './view-task.ts'

export interface ViewRunnerOptions {
  readonly view: ViewDefinition
  readonly app: string
  readonly partitions: number
  readonly log: LogPort
  readonly wire: Wire
  readonly broadcast: Broadcast
  readonly indexes: ReadonlyMap<string, BroadcastIndex>
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly fetchGapMs: number
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  readonly onFatal: (error: Error) => void
}

const COMMIT_MS = 1_000
const SWEEP_EVERY_MS = 50
export class ViewRunner {
  readonly #o: ViewRunnerOptions
  readonly #inputs: ReadonlyMap<string, AnyTopic>
  readonly #inputNumbers = new Map<string, number>()
  #tasks = new Map<number, ViewTask>()
  #assignment = 0
  #consumer: LogConsumer | undefined
  readonly #builder: ViewBuilder
  #isStopped = false
  readonly #stopping = new AbortController()
  #stopTimers: (() => void)[] = []

  constructor(options: ViewRunnerOptions) {
    this.#o = options
    this.#builder = new ViewBuilder(options, () => [...this.#tasks.values()])
    this.#inputs = new Map(options.view.inputs.map(topic => [options.nameOf(topic), topic]))
    for (const topic of options.view.broadcasts) options.broadcast.listen(topic, record => this.#onBroadcast(record))
  }

  /** True when every task has read its inputs, built what was stale and handed it to the log. */
  get isIdle(): boolean {
    return [...this.#tasks.values()].every(
      task => task.behind.size === 0 && task.dirty.size === 0 && task.unsent.length === 0 && task.sending.length === 0,
    )
  }

  /** All before these offsets is published; nothing is said of a task that still reads what stood there before it. */
  get published(): readonly (TopicPartition & { readonly offset: number })[] {
    return [...this.#tasks.values()].flatMap(task =>
      task.behind.size > 0 ? [] : safePositions(task, id => this.#inputNumber(id)),
    )
  }

  async start(): Promise<void> {
    const { log, view, app, fetchGapMs, clock, broadcast, onFatal } = this.#o
    await broadcast.loaded
    if (this.#isStopped) return
    const consumer = await log.consume({
      group: `${app}.${view.name}`,
      topics: [...this.#inputs.keys()],
      assignment: view.task === 'single' ? 'single' : 'copartition',
      fetchGapMs,
      onAssign: (assigned, consumer) => void this.#assign(assigned, consumer).catch(onFatal),
      onBatch: batch => this.#onBatch(batch),
      onCrash: onFatal,
    })
    if (this.#isStopped) return consumer.stop()
    this.#consumer = consumer
    this.#stopTimers = [
      clock.every(COMMIT_MS, () => void this.#commit()),
      clock.every(SWEEP_EVERY_MS, () => this.#sweep()),
    ]
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#builder.stop()
    this.#stopping.abort()
    for (const stop of this.#stopTimers) stop()
    await this.#commit()
    await this.#consumer?.stop()
  }

  async #assign(assigned: readonly TopicPartition[], consumer: LogConsumer): Promise<void> {
    const assignment = ++this.#assignment
    const { view, log, clock, logger } = this.#o
    const wanted = new Set(view.task === 'single' ? (assigned.length > 0 ? [0] : []) : assigned.map(at => at.partition))
    const kept = new Map([...this.#tasks].filter(([partition]) => wanted.has(partition)))
    this.#tasks = kept
    for (const at of assigned) {
      const position = kept.get(this.#taskOf(at))?.positions.get(idOf(at))
      if (position === undefined) continue
      consumer.seek(at, position)
      consumer.resume(at)
    }
    const fresh = [...wanted].filter(partition => !kept.has(partition))
    if (fresh.length === 0) return
    for (let waitMs = 100; ; waitMs = Math.min(2 * waitMs, 5_000)) {
      try {
        const ranges = new Map<string, readonly { begin: number; end: number }[]>()
        for (const name of this.#inputs.keys()) ranges.set(name, await log.offsets(name))
        const ours = assigned.filter(at => fresh.includes(this.#taskOf(at)))
        const committed = await consumer.committed(ours)
        if (assignment !== this.#assignment) return
        for (const partition of fresh) this.#tasks.set(partition, newViewTask(partition, this.#o))
        ours.forEach((at, index) => {
          const task = this.#tasks.get(this.#taskOf(at))
          const range = ranges.get(at.topic)?.[at.partition] ?? { begin: 0, end: 0 }
          // A position behind the end is of a topic that was deleted and created again.
          const position = committed[index] ?? 0
          task?.committed.set(idOf(at), position > range.end ? 0 : position)
          task?.positions.set(idOf(at), range.begin)
          if (range.end > range.begin) task?.behind.set(idOf(at), range.end)
          consumer.seek(at, range.begin)
          consumer.resume(at)
        })
        return
      } catch (error) {
        logger.warn({ err: error, view: view.name, waitMs }, 'the view could not be opened; trying again')
        await clock.wait(waitMs)
        if (assignment !== this.#assignment || this.#isStopped) return
      }
    }
  }

  #taskOf(at: TopicPartition): number {
    return this.#o.view.task === 'single' ? 0 : at.partition
  }

  async #onBatch(batch: Batch): Promise<void> {
    const { clock, logger, wire } = this.#o
    const topic = this.#inputs.get(batch.topic)
    const task = this.#tasks.get(this.#taskOf(batch))
    if (!topic || !task) return
    const id = idOf(batch)
    const committed = task.committed.get(id) ?? 0
    const input = this.#inputNumber(id)
    if (!(await prepared(batch, wire, logger, this.#stopping.signal))) return
    const slices = new Slices(clock)
    for (const record of tableRecords(topic, batch, wire, logger)) {
      if (record.offset < (task.positions.get(id) ?? 0)) continue
      for (const key of task.instance.apply(record))
        if (record.offset >= committed) task.dirty.add(key, clock.now(), { input, offset: record.offset })
      task.positions.set(id, record.offset + 1)
      if (!slices.areOver) continue
      this.#builder.build()
      await batch.heartbeat()
      await slices.rest()
    }
    task.positions.set(id, Math.max(batch.nextOffset, task.positions.get(id) ?? 0))
    if (batch.nextOffset >= (task.behind.get(id) ?? 0)) task.behind.delete(id)
    this.#builder.build()
  }

  #onBroadcast(record: Parameters<NonNullable<ViewInstance['onBroadcast']>>[0]): void {
    for (const task of this.#tasks.values())
      for (const key of task.instance.onBroadcast?.(record) ?? []) task.dirty.add(key, this.#o.clock.now())
    this.#builder.build()
  }

  #sweep(): void {
    const nowMs = this.#o.clock.now()
    for (const task of this.#tasks.values()) {
      if (task.behind.size > 0 || task.dirty.size > 0) continue
      const key = task.instance.sweep?.(nowMs)
      if (key !== undefined) task.dirty.add(key, nowMs)
    }
    this.#builder.build()
  }

  async #commit(): Promise<void> {
    const { logger, view, metrics } = this.#o
    metrics.dirty.set({ view: view.name }, this.#dirtyKeys())
    const offsets = this.published
    if (offsets.length === 0) return
    try {
      await this.#consumer?.commitOffsets(offsets)
    } catch (error) {
      logger.debug({ err: error, view: view.name }, 'positions were not committed; next time')
    }
  }

  #dirtyKeys(): number {
    return [...this.#tasks.values()].reduce((sum, task) => sum + task.dirty.size, 0)
  }

  #inputNumber(id: string): number {
    const known = this.#inputNumbers.get(id)
    if (known !== undefined) return known
    this.#inputNumbers.set(id, this.#inputNumbers.size)
    return this.#inputNumbers.size - 1
  }
}
