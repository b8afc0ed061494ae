/**
 * A V stage in this process. Its inputs are read from their beginning at every start; nothing is built before every
 * broadcast and every input has reached the end it had then. Keys that were published before (their record lies before
 * the committed position) are not built again. At least once: positions are committed behind what the log has.
 */
import type { Logger } from 'pino'
import type { BroadcastIndex, ViewDefinition, ViewInstance } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Wire } from '../schemas/wire.ts'
import { type Broadcast, decodeTable } from './broadcast.ts'
import type { Clock } from './clock.ts'
import { DirtySet, type Taken } from './dirty-set.ts'
import { FailureRate } from './failure-rate.ts'
import type { AnyTopic } from './graph.ts'
import type { Batch, LogConsumer, LogPort, OutRecord, TopicPartition } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'

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

const SLICE_MS = 1
/**
 * While keys wait, building gets half as long as everything else took since its last slice: a turn of the event loop that
 * takes 40 ms, as on a busy machine, would else leave it one part in forty, and lists would fall behind for good.
 */
const SLICE_SHARE = 0.5
const MAX_SLICE_MS = 20
const COMMIT_MS = 1_000
const SWEEP_EVERY_MS = 50
/** Building waits while so many records wait for the log. */
const MAX_UNSENT = 2_000

/** One partition of the view, or all of them where it is one task. */
interface ViewTask {
  readonly partition: number
  readonly instance: ViewInstance
  readonly dirty: DirtySet
  /** `topic/partition` → end at assignment; the task builds when none is left. */
  readonly behind: Map<string, number>
  /** `topic/partition` → position that the group had committed. */
  readonly committed: Map<string, number>
  /** `topic/partition` → next offset to read. */
  readonly positions: Map<string, number>
  /** Built, not yet acknowledged. */
  unsent: { taken: Taken; records: OutRecord[] }[]
  sending: readonly { taken: Taken }[]
}

export class ViewRunner {
  readonly #o: ViewRunnerOptions
  readonly #inputs: ReadonlyMap<string, AnyTopic>
  readonly #inputNumbers = new Map<string, number>()
  #tasks = new Map<number, ViewTask>()
  #assignment = 0
  #consumer: LogConsumer | undefined
  #isBuilding = false
  #isSending = false
  #isStopped = false
  readonly #stopping = new AbortController()
  readonly #failures = new FailureRate()
  #stopTimers: (() => void)[] = []

  constructor(options: ViewRunnerOptions) {
    this.#o = options
    this.#inputs = new Map(options.view.inputs.map(topic => [options.nameOf(topic), topic]))
    for (const topic of options.view.broadcasts) options.broadcast.listen(topic, record => this.#onBroadcast(record))
  }

  /** True when every task has read its inputs, built what was stale and handed it to the log. */
  get isIdle(): boolean {
    return [...this.#tasks.values()].every(
      task => task.behind.size === 0 && task.dirty.size === 0 && task.unsent.length === 0 && task.sending.length === 0,
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
        for (const partition of fresh) this.#tasks.set(partition, this.#newTask(partition))
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

  #newTask(partition: number): ViewTask {
    const { view, partitions, indexes, metrics } = this.#o
    const instance = view.create({
      partition,
      partitions,
      index<T extends BroadcastIndex>(topic: { readonly name: string }): T {
        const index = indexes.get(topic.name)
        if (!index) throw new Error(`${view.name} reads ${topic.name} without declaring it`)
        return index as T
      },
      count: (counter, by = 1) => metrics.counted.inc({ processor: view.name, counter }, by),
    })
    const dirty = new DirtySet(view.intervalMs, view.mustRest)
    return {
      partition,
      instance,
      dirty,
      behind: new Map(),
      committed: new Map(),
      positions: new Map(),
      unsent: [],
      sending: [],
    }
  }

  async #onBatch(batch: Batch): Promise<void> {
    const { clock, logger, wire, metrics, view } = this.#o
    const topic = this.#inputs.get(batch.topic)
    const task = this.#tasks.get(this.#taskOf(batch))
    if (!topic || !task) return
    const id = idOf(batch)
    const committed = task.committed.get(id) ?? 0
    const input = this.#inputNumber(id)
    let sliceMs = clock.now()
    const records = await decodeTable(topic, batch, wire, logger, this.#stopping.signal)
    if (!records) return
    for (const record of records) {
      if (record.offset < (task.positions.get(id) ?? 0)) continue
      for (const key of task.instance.apply(record))
        if (record.offset >= committed) task.dirty.add(key, clock.now(), { input, offset: record.offset })
      if (clock.now() - sliceMs > 20) {
        await batch.heartbeat()
        sliceMs = clock.now()
      }
    }
    task.positions.set(id, Math.max(batch.nextOffset, task.positions.get(id) ?? 0))
    if (batch.nextOffset >= (task.behind.get(id) ?? 0)) task.behind.delete(id)
    metrics.dirty.set({ view: view.name }, task.dirty.size)
    this.#build()
  }

  #onBroadcast(record: Parameters<NonNullable<ViewInstance['onBroadcast']>>[0]): void {
    for (const task of this.#tasks.values())
      for (const key of task.instance.onBroadcast?.(record) ?? []) task.dirty.add(key, this.#o.clock.now())
    this.#build()
  }

  #sweep(): void {
    const nowMs = this.#o.clock.now()
    for (const task of this.#tasks.values()) {
      if (task.behind.size > 0 || task.dirty.size > 0) continue
      const key = task.instance.sweep?.(nowMs)
      if (key !== undefined) task.dirty.add(key, nowMs)
    }
    this.#build()
  }

  /** Builds in slices, so that fetching and sending go on between them. */
  #build(): void {
    if (this.#isBuilding) return
    this.#isBuilding = true
    let endedMs = performance.now()
    const slice = () => {
      const elsewhereMs = performance.now() - endedMs
      const sliceMs = Math.min(MAX_SLICE_MS, Math.max(SLICE_MS, SLICE_SHARE * elsewhereMs))
      const hasMore = !this.#isStopped && this.#buildSlice(sliceMs)
      endedMs = performance.now()
      this.#send()
      if (hasMore) setImmediate(slice)
      else this.#isBuilding = false
    }
    slice()
  }

  /** @returns whether there is more to build now */
  #buildSlice(sliceMs: number): boolean {
    const { view, metrics, clock } = this.#o
    const startedMs = performance.now()
    for (const task of this.#tasks.values()) {
      if (task.behind.size > 0) continue
      while (task.dirty.size > 0 && task.unsent.length < MAX_UNSENT) {
        if (performance.now() - startedMs > sliceMs) return true
        const taken = task.dirty.take(clock.now())
        if (!taken) break
        const beganMs = performance.now()
        task.unsent.push({ taken, records: this.#built(task, taken.key, clock.now()) })
        metrics.buildMs.observe({ view: view.name }, performance.now() - beganMs)
        metrics.built.inc({ view: view.name })
      }
    }
    return false
  }

  /** A key that cannot be built keeps what stands; when many cannot, the process should stop. */
  #built(task: ViewTask, key: string, nowMs: number): OutRecord[] {
    const { view, logger, onFatal } = this.#o
    try {
      const records = task.instance.build(key, nowMs).map(one => this.#encoded(task, one))
      this.#failures.ok()
      return records
    } catch (cause) {
      logger.error({ err: cause, view: view.name, key }, 'a key could not be built')
      if (this.#failures.failed()) {
        const message = `${view.name}: ${this.#failures.summary()}; the last: ${key}`
        onFatal(new FreshetError('TOO_MANY_FAILURES', message, { cause }))
      }
      return []
    }
  }

  #encoded(task: ViewTask, { key, value }: { key: string; value: unknown }): OutRecord {
    const { view, wire, nameOf, partitions } = this.#o
    const partition = view.output.by === 'key' ? partitionOf(key, partitions) : task.partition
    const bytes = value === null ? null : wire.encode<unknown>(view.output, value)
    return { topic: nameOf(view.output), partition, key: Buffer.from(key), value: bytes }
  }

  /** One send in flight; it takes all that is ready. */
  #send(): void {
    const ready = [...this.#tasks.values()].filter(task => task.unsent.length > 0)
    if (this.#isSending || ready.length === 0) return
    this.#isSending = true
    for (const task of ready) {
      task.sending = task.unsent
      task.unsent = []
    }
    const records = ready.flatMap(task =>
      task.sending.flatMap(one => (one as { taken: Taken; records: OutRecord[] }).records),
    )
    void this.#produce(records).then(() => {
      const { metrics, view, clock } = this.#o
      for (const task of ready) {
        for (const { taken } of task.sending)
          metrics.listAgeMs.observe({ view: view.name }, clock.now() - taken.sinceMs)
        task.sending = []
        metrics.dirty.set({ view: view.name }, task.dirty.size)
      }
      this.#isSending = false
      this.#build()
    })
  }

  async #produce(records: readonly OutRecord[]): Promise<void> {
    const { log, logger, clock, view } = this.#o
    if (records.length === 0) return
    for (let waitMs = 50; !this.#isStopped; waitMs = Math.min(2 * waitMs, 5_000)) {
      try {
        await log.produce(records)
        return
      } catch (error) {
        logger.warn({ err: error, view: view.name, waitMs }, 'the log did not take the records; trying again')
        await clock.wait(waitMs)
      }
    }
  }

  async #commit(): Promise<void> {
    const { logger, view } = this.#o
    const offsets = [...this.#tasks.values()].flatMap(task =>
      task.behind.size > 0 ? [] : safePositions(task, id => this.#inputNumber(id)),
    )
    if (offsets.length === 0) return
    try {
      await this.#consumer?.commitOffsets(offsets)
    } catch (error) {
      logger.debug({ err: error, view: view.name }, 'positions were not committed; next time')
    }
  }

  #inputNumber(id: string): number {
    const known = this.#inputNumbers.get(id)
    if (known !== undefined) return known
    this.#inputNumbers.set(id, this.#inputNumbers.size)
    return this.#inputNumbers.size - 1
  }
}

const idOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`

/** @returns for every input partition of the task the offset before which all is published */
function safePositions(task: ViewTask, inputNumber: (id: string) => number): (TopicPartition & { offset: number })[] {
  return [...task.positions].map(([id, position]) => {
    const input = inputNumber(id)
    const waiting = [
      task.dirty.oldest(input),
      ...[...task.unsent, ...task.sending].map(one => one.taken.since.get(input)),
    ]
    const offset = Math.min(position, ...waiting.filter(one => one !== undefined))
    const slash = id.lastIndexOf('/')
    return { topic: id.slice(0, slash), partition: Number(id.slice(slash + 1)), offset }
  })
}
