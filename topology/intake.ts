/**
 * Source records of a task on their way in: decoded, checked for their partition, folded; what is refused goes to
 * `rejected.v1` with its code, and the rest of the batch goes on.
 */
import type { Logger } from 'pino'
import type { Origin } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { SignalFrame } from '../schemas/signal-frame.ts'
import type { Wire } from '../schemas/wire.ts'
import { appendedAtMs } from './record-headers.ts'
import type { Clock } from './clock.ts'
import { FailureRate } from './failure-rate.ts'
import { unframe } from './frames.ts'
import type { AnyTopic, Stage } from './graph.ts'
import type { CounterSeries } from './kept-series.ts'
import type { LogRecord } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import type { Outbox } from './outbox.ts'
import type { PendingTables } from './pending-tables.ts'
import { type Effects, StageFold } from './stage-fold.ts'
import type { TaskState } from './state.ts'

/** Of a source record. State and tables made from it, numbers of JSON as doubles, stay below the largest record of a log. */
const MAX_VALUE_BYTES = 200_000

interface IntakeOptions {
  readonly stage: Stage
  readonly partition: number
  readonly partitions: number
  readonly wire: Wire
  readonly state: TaskState
  readonly outbox: Outbox
  readonly pending: PendingTables
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
}

export class Intake {
  readonly #o: IntakeOptions
  readonly #fold: StageFold
  readonly #failures = new FailureRate()
  readonly #counters = new Map<string, CounterSeries>()
  /** Source task → last source offset whose signals are counted; part of the progress. */
  appliedUpTo: Record<string, number> = {}

  constructor(options: IntakeOptions) {
    this.#o = options
    this.#fold = new StageFold(options.stage, options.state, options.partition, options.partitions)
  }

  /**
   * @param changelogOffset - the last one known: the state this record makes will stand behind it
   * @returns an error when so many records failed that the task has to stop
   */
  record(topic: AnyTopic, record: LogRecord, changelogOffset: number): FreshetError | undefined {
    const { outbox, pending, clock, partition } = this.#o
    const origin: Origin = { partition, offset: record.offset, appendedAtMs: appendedAtMs(record) }
    let effects: Effects
    try {
      effects = this.#fold.record(this.#eventsOf(topic, record, origin), origin)
      this.#publish(effects)
    } catch (error) {
      if (!(error instanceof FreshetError)) return this.#failed(record, error)
      this.#setAside(record, error.code, error.message)
      return undefined
    }
    for (const { processor, counter, by } of effects.counts) this.#counter(processor, counter).inc(by)
    this.#failures.ok()
    if (effects.rejected) this.#setAside(record, effects.rejected.code, effects.rejected.message)
    for (const { atMs, deltas } of effects.signals) outbox.signals(record.offset, atMs, deltas)
    const nowMs = clock.now()
    for (const { processor, key } of effects.touched) pending.touch(processor, key, origin, changelogOffset, nowMs)
    return undefined
  }

  #counter(processor: string, counter: string): CounterSeries {
    const id = `${processor}/${counter}`
    const known = this.#counters.get(id)
    if (known) return known
    const series = this.#o.metrics.counted.of({ processor, counter })
    this.#counters.set(id, series)
    return series
  }

  /** @throws what a schema does not take, with the state as it was before the record */
  #publish(effects: Effects): void {
    try {
      this.#o.outbox.publishAll(effects.published)
    } catch (error) {
      this.#fold.undo()
      throw error
    }
  }

  #failed(record: LogRecord, cause: unknown): FreshetError | undefined {
    const { stage, partition, logger } = this.#o
    logger.error({ err: cause, topic: record.topic, offset: record.offset }, 'a processor failed')
    if (this.#failures.failed()) {
      const message = `${stage.name}[${partition}]: ${this.#failures.summary()}; the last: ${record.topic}[${partition}]@${record.offset}`
      return new FreshetError('TOO_MANY_FAILURES', message, { cause })
    }
    this.#setAside(record, 'HANDLER_FAILED', cause instanceof Error ? cause.message : String(cause))
    return undefined
  }

  #eventsOf(topic: AnyTopic, record: LogRecord, origin: Origin): Iterable<unknown> {
    const { stage, partition, partitions, wire } = this.#o
    const belongs = record.key === null || topic.by === 'explicit' ? partition : partitionOf(record.key, partitions)
    if (belongs !== partition) {
      const message = `key: wanted a key of partition ${partition}, got one of partition ${belongs}; produce with murmur2 partitioning`
      throw new FreshetError('MISPLACED_KEY', message)
    }
    const bytes = record.value?.length ?? 0
    if (bytes > MAX_VALUE_BYTES && topic !== stage.framedInput)
      throw new FreshetError('RECORD_TOO_LARGE', `value: wanted at most ${MAX_VALUE_BYTES} bytes, got ${bytes}`)
    const isDeletion = record.value === null && topic.kind === 'table'
    const value = isDeletion ? null : wire.decode<unknown>(topic, record.value)
    if (topic !== stage.framedInput) return stage.eventsOf(topic, record.key?.toString() ?? null, value, origin)
    const frame = value as SignalFrame
    const after = this.appliedUpTo[frame.source] ?? -1
    const events = unframe(frame, after)
    this.appliedUpTo[frame.source] = Math.max(after, frame.entries.at(-1)?.offset ?? -1)
    return events
  }

  #setAside(record: LogRecord, code: FreshetError['code'], message: string): void {
    const { stage, partition, metrics, logger, outbox } = this.#o
    metrics.rejected.inc({ stage: stage.name, code })
    logger.debug({ code, topic: record.topic, offset: record.offset }, 'record set aside')
    if (!stage.rejectsTo) return
    const sentence = `${stage.name}: ${record.topic}[${partition}]@${record.offset}: ${message}; set aside`
    outbox.setAside(stage.rejectsTo, record, appendedAtMs(record), code, sentence)
  }
}
