/** Builds the stale keys of a V stage newest first, in slices, and hands them to the log, one send in flight. */
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import { FailureRate } from './failure-rate.ts'
import type { CounterSeries, HistogramSeries } from './kept-series.ts'
import type { OutRecord } from './log-port.ts'
import type { ViewRunnerOptions } from './view-runner.ts'
import type { ViewTask } from './view-task.ts'

const SLICE_MS = 1
/**
 * While keys wait, building gets half as long as everything else took since its last slice: a turn of the event loop that
 * takes 40 ms, as on a busy machine, would else leave it one part in forty, and lists would fall behind for good.
 */
const SLICE_SHARE = 0.5
const MAX_SLICE_MS = 20
/** Building waits while so many records wait for the log. */
const MAX_UNSENT = 2_000

export class ViewBuilder {
  readonly #o: ViewRunnerOptions
  readonly #tasks: () => readonly ViewTask[]
  readonly #failures = new FailureRate()
  readonly #built: CounterSeries
  readonly #buildMs: HistogramSeries
  readonly #ageMs: HistogramSeries
  #isBuilding = false
  #isSending = false
  #isStopped = false

  /** @param tasks - those of this process now */
  constructor(options: ViewRunnerOptions, tasks: () => readonly ViewTask[]) {
    this.#o = options
    this.#tasks = tasks
    const { metrics, view } = options
    const labels = { view: view.name }
    this.#built = metrics.built.of(labels)
    this.#buildMs = metrics.buildMs.of(labels)
    this.#ageMs = metrics.listAgeMs.of(labels)
  }

  /** Begins nothing new. What is on its way may still arrive. */
  stop(): void {
    this.#isStopped = true
  }

  /** Builds in slices, so that fetching and sending go on between them. */
  build(): void {
    if (this.#isBuilding) return
    this.#isBuilding = true
    let endedMs = performance.now()
    const slice = () => {
      const elsewhereMs = performance.now() - endedMs
      // What must rest is waited for by nobody: it takes the least, so that lists and events come first.
      const share = this.#o.view.mustRest ? 0 : SLICE_SHARE
      const sliceMs = Math.min(MAX_SLICE_MS, Math.max(SLICE_MS, share * elsewhereMs))
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
    const { clock } = this.#o
    const startedMs = performance.now()
    for (const task of this.#tasks()) {
      if (task.behind.size > 0) continue
      while (task.dirty.size > 0 && task.unsent.length < MAX_UNSENT) {
        if (performance.now() - startedMs > sliceMs) return true
        const taken = task.dirty.take(clock.now())
        if (!taken) break
        const beganMs = performance.now()
        task.unsent.push({ taken, records: this.#recordsOf(task, taken.key, clock.now()) })
        this.#buildMs.observe(performance.now() - beganMs)
        this.#built.inc()
      }
    }
    return false
  }

  /** A key that cannot be built keeps what stands; when many cannot, the process should stop. */
  #recordsOf(task: ViewTask, key: string, nowMs: number): OutRecord[] {
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
    const ready = this.#tasks().filter(task => task.unsent.length > 0)
    if (this.#isSending || ready.length === 0) return
    this.#isSending = true
    for (const task of ready) {
      task.sending = task.unsent
      task.unsent = []
    }
    const records = ready.flatMap(task => task.sending.flatMap(one => one.records))
    void this.#produce(records).then(() => {
      const nowMs = this.#o.clock.now()
      for (const task of ready) {
        for (const { taken } of task.sending) this.#ageMs.observe(nowMs - taken.sinceMs)
        task.sending = []
      }
      this.#isSending = false
      this.build()
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
}
