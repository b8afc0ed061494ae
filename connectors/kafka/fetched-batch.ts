import type { AbortedTransaction } from '../../topology/abort-filter.ts'
import type { LogRecord } from '../../topology/log-port.ts'
import { batchesOf, type FetchedBatchHead, recordsOf, visibleBatches } from './fetched-records.ts'

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Asked for. */
  readonly fetchOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches as they lie on the wire. */
  readonly records: Buffer
}

/**
 * Stands in for kafkajs's `Batch`: what one fetch brought of one partition. A fetch which covers only control records,
 * aborted records or compacted offsets goes to the handler without records, so that positions advance in one place.
 * Records are read when they are asked for, so that a fetch of many partitions is not one long turn of the event loop.
 */
export class FetchedBatch {
  readonly topic: string
  readonly partition: number
  readonly highWatermark: string
  /** kafkajs looks here for messages: it is to find none. */
  readonly messages: readonly never[] = []
  /** Past everything this batch covers, ≥ the offset asked for. */
  readonly nextOffset: number
  /** The end of what a read_committed reader could see at the time of the fetch. */
  readonly stableEnd: number
  /** As fetched, compressed or not. */
  readonly size: number
  readonly #from: number
  readonly #batches: readonly FetchedBatchHead[]
  readonly #aborted: readonly AbortedTransaction[]

  constructor(fetched: FetchedPartition) {
    this.topic = fetched.topic
    this.partition = fetched.partition
    this.highWatermark = String(fetched.highWatermark)
    this.stableEnd = fetched.lastStableOffset
    this.size = fetched.records.length
    this.#from = fetched.fetchOffset
    this.#batches = batchesOf(fetched.records)
    this.#aborted = fetched.aborted
    this.nextOffset = Math.max(this.#from, (this.#batches.at(-1)?.lastOffset ?? -1) + 1)
  }

  /** A record batch is fetched whole, so its first records can lie before the offset asked for: they are left out. */
  records(): LogRecord[] {
    const batches = visibleBatches(this.#batches, this.#aborted)
    const read = (batch: FetchedBatchHead) => recordsOf(this.topic, this.partition, batch, this.#from)
    const [only] = batches
    return only && batches.length === 1 ? read(only) : batches.flatMap(read)
  }

  isEmpty(): boolean {
    return this.nextOffset <= this.#from
  }

  isEmptyDueToFiltering(): boolean {
    return false // such a batch goes to the handler
  }

  firstOffset(): string {
    return String(this.#from)
  }

  lastOffset(): string {
    return String(this.nextOffset - 1)
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - this.nextOffset)
  }

  offsetLagLow(): string {
    return String(Number(this.highWatermark) - 1 - this.#from)
  }
}
