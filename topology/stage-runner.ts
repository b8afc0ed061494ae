/** The tasks of one stage in this process: one consumer, one {@link Task} for every partition that the group gives us. */
import type { Logger } from 'pino'
import { FreshetError } from '../schemas/errors.ts'
import type { Wire } from '../schemas/wire.ts'
import { changelogName, type Stage } from './graph.ts'
import type { Clock } from './clock.ts'
import type { Batch, LogConsumer, LogPort, TopicPartition } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import { Task } from './task.ts'
import type { CommitTiming } from './task-work.ts'

export interface StageRunnerOptions {
  readonly stage: Stage
  /** Prefix of groups and transactional ids. */
  readonly app: string
  readonly partitions: number
  readonly log: LogPort
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly timing: CommitTiming
  readonly fetchGapMs: number
  readonly sessionTimeoutMs: number
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  readonly onFatal: (error: Error) => void
}

/** How often lag is looked up, and signals that every counter knows are forgotten. */
const LOOK_MS = 10_000
/**
 * So long they are kept once they are counted. A process that slept goes on reading where it stood, before it learns that
 * another one has gone on meanwhile; without the frames it would report lost data.
 */
const KEEP_SIGNALS_MS = 600_000

export class StageRunner {
  readonly #o: StageRunnerOptions
  readonly #tasks = new Map<number, Task>()
  readonly #changelog: string
  #consumer: LogConsumer | undefined
  /** Partition → what was counted at the last purge, and when. */
  readonly #marks = new Map<number, { readonly atMs: number; readonly offset: number }>()
  #stopLooking = () => {}
  #isStopped = false

  constructor(options: StageRunnerOptions) {
    this.#o = options
    this.#changelog = options.nameOf({ name: changelogName(options.stage) })
  }

  get tasks(): ReadonlyMap<number, Task> {
    return this.#tasks
  }

  async start(): Promise<void> {
    const { log, stage, app, nameOf, fetchGapMs, clock, onFatal } = this.#o
    this.#consumer = await log.consume({
      group: `${app}.${stage.name}`,
      topics: [...stage.inputs.map(nameOf), this.#changelog],
      assignment: 'copartition',
      fetchGapMs,
      onAssign: (assigned, consumer) => this.#assign(assigned, consumer),
      onBatch: batch => this.#onBatch(batch),
      onCrash: onFatal,
    })
    this.#stopLooking = clock.every(LOOK_MS, () => void this.#look())
  }

  /** Commits what is processed, then leaves the group. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopLooking()
    await Promise.all([...this.#tasks.values()].map(task => task.drain()))
    await this.#consumer?.stop()
    this.#tasks.clear()
  }

  #onBatch(batch: Batch): Promise<void> {
    const task = this.#tasks.get(batch.partition)
    return task ? task.onBatch(batch) : Promise.resolve()
  }

  /** Says how far behind each task is, refuses partitions that somebody has added, and forgets frames of signals that are counted and committed. */
  async #look(): Promise<void> {
    const { log, stage, partitions, nameOf, clock, metrics, logger, onFatal } = this.#o
    try {
      for (const input of stage.inputs) {
        const topic = nameOf(input)
        const ranges = await log.offsets(topic)
        if (ranges.length > partitions) {
          const message = `${topic}: partitions: wanted ${partitions}, got ${ranges.length}; what lies in the added ones is nobody's, and keys have moved`
          return onFatal(new FreshetError('TOPIC_MISMATCH', message))
        }
        for (const [partition, task] of this.#tasks) {
          const { begin = 0, end = 0 } = ranges[partition] ?? {}
          metrics.lag.set({ stage: stage.name, topic, partition }, Math.max(0, end - (task.positions[topic] ?? begin)))
          if (input !== stage.framedInput) continue
          const mark = this.#marks.get(partition)
          if (mark && clock.now() - mark.atMs < KEEP_SIGNALS_MS) continue
          this.#marks.set(partition, { atMs: clock.now(), offset: task.committedPositions[topic] ?? 0 })
          if (mark && mark.offset > begin) await log.purge({ topic, partition }, mark.offset)
        }
      }
    } catch (error) {
      logger.debug({ err: error, stage: stage.name }, 'the log could not be looked at; next time')
    }
  }

  #assign(assigned: readonly TopicPartition[], consumer: LogConsumer): void {
    const ours = new Set(assigned.map(one => one.partition))
    for (const [partition, task] of this.#tasks) {
      if (ours.has(partition)) continue
      this.#tasks.delete(partition)
      void task.close()
    }
    if (this.#isStopped) return // what would be opened now, nobody would close
    for (const partition of ours) {
      const kept = this.#tasks.get(partition)
      if (kept && kept.phase !== 'closed') kept.resume()
      else this.#openTask(partition, consumer)
    }
  }

  #openTask(partition: number, consumer: LogConsumer): void {
    const { stage, app, logger } = this.#o
    const task = new Task({
      ...this.#o,
      partition,
      id: `${app}.${stage.name}.${partition}`,
      consumer,
      changelog: this.#changelog,
      logger: logger.child({ stage: stage.name, partition }),
    })
    this.#tasks.set(partition, task)
    task.open()
  }
}
