/**
 * Reads stretches of partitions one after the other, batch by batch, with one consumer for all of them: joining a group of
 * one takes a broker seconds. A consumer that lost its broker goes on where it was.
 */
import type { Batch, LogConsumer, LogPort, LogRecord, TopicPartition } from './log-port.ts'

interface Stretch {
  readonly at: TopicPartition
  readonly end: number
  next: number
  readonly each: (records: readonly LogRecord[], nextOffset: number) => Promise<void>
  readonly done: PromiseWithResolvers<void>
  /** While `each` is at work. */
  isBusy: boolean
}

export class RangeReader {
  readonly #log: LogPort
  readonly #signal: AbortSignal | undefined
  readonly #assigned = Promise.withResolvers<LogConsumer>()
  #consumer: LogConsumer | undefined
  #stretch: Stretch | undefined
  #failed: Error | undefined

  /** @param signal - ends what is being read: `read` rejects with its reason */
  static async open(log: LogPort, topics: readonly string[], signal?: AbortSignal): Promise<RangeReader> {
    const reader = new RangeReader(log, signal)
    const consumer = await log.consume({
      group: null,
      topics,
      assignment: 'copartition',
      onAssign: (assigned, one) => reader.#onAssign(assigned, one),
      onBatch: batch => reader.#onBatch(batch),
      onCrash: error => reader.#fail(error),
    })
    reader.#consumer = consumer
    signal?.addEventListener('abort', reader.#onAbort)
    return reader
  }

  private constructor(log: LogPort, signal: AbortSignal | undefined) {
    this.#log = log
    this.#signal = signal
    this.#assigned.promise.catch(() => undefined) // whoever reads hears of it
  }

  /**
   * One call at a time.
   * @param end - offset before which it stops; default the end that stands now
   * @param each - awaited for every batch, in order; `nextOffset` is how far the partition was read, control records counted
   * @returns the end it has read to. @throws when the signal came, the log failed, or `each` threw
   */
  async read(
    at: TopicPartition,
    { from = 0, end }: { readonly from?: number; readonly end?: number },
    each: Stretch['each'],
  ): Promise<number> {
    const range = (await this.#log.offsets(at.topic))[at.partition] ?? { begin: 0, end: 0 }
    const stretch: Stretch = {
      at,
      next: Math.max(from, range.begin),
      end: Math.min(end ?? range.end, range.end),
      each,
      done: Promise.withResolvers(),
      isBusy: false,
    }
    if (stretch.next >= stretch.end) return stretch.end
    const consumer = await this.#assigned.promise
    this.#signal?.throwIfAborted()
    if (this.#failed) throw this.#failed
    this.#stretch = stretch
    this.#begin(consumer, stretch)
    try {
      await stretch.done.promise
    } finally {
      this.#stretch = undefined
    }
    return stretch.end
  }

  /** Every partition of a topic, one after the other, to the ends they have now. @param onProgress - told in offsets */
  async readTopic(
    topic: string,
    each: (records: readonly LogRecord[]) => Promise<void>,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<void> {
    const ranges = await this.#log.offsets(topic)
    const total = ranges.reduce((sum, { begin, end }) => sum + end - begin, 0)
    let before = 0
    for (const [partition, { begin, end }] of ranges.entries()) {
      await this.read({ topic, partition }, { end }, async (records, nextOffset) => {
        await each(records)
        onProgress(before + Math.max(0, nextOffset - begin), total)
      })
      before += end - begin
    }
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    await this.#consumer?.stop()
  }

  #begin(consumer: LogConsumer, { at, next }: Stretch): void {
    consumer.seek(at, next)
    consumer.resume(at)
  }

  #onAssign(assigned: readonly TopicPartition[], consumer: LogConsumer): void {
    if (assigned.length === 0) return
    this.#assigned.resolve(consumer)
    if (this.#stretch) this.#begin(consumer, this.#stretch)
  }

  async #onBatch(batch: Batch): Promise<void> {
    const stretch = this.#stretch
    if (stretch?.at.topic !== batch.topic || stretch.at.partition !== batch.partition) return
    const records = batch.records.filter(({ offset }) => offset >= stretch.next && offset < stretch.end)
    stretch.isBusy = true
    try {
      await stretch.each(records, Math.min(batch.nextOffset, stretch.end))
    } catch (error) {
      return stretch.done.reject(error)
    }
    stretch.isBusy = false
    if (this.#failed) return stretch.done.reject(this.#failed)
    stretch.next = Math.max(stretch.next, batch.nextOffset)
    if (stretch.next < stretch.end) return
    ;(await this.#assigned.promise).pause(stretch.at)
    stretch.done.resolve()
  }

  readonly #onAbort = () =>
    this.#fail(this.#signal?.reason instanceof Error ? this.#signal.reason : new Error('aborted'))

  #fail(error: Error): void {
    this.#failed ??= error
    this.#assigned.reject(error)
    // What is under way ends first: the caller goes on when this has been told.
    if (!this.#stretch?.isBusy) this.#stretch?.done.reject(error)
  }
}
