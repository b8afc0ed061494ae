import { type AbortedTransaction, type FilterEntry, withoutAborted } from '../../topology/abort-filter.ts'
import { endOf, type RawMessage } from './decode-messages.ts'

interface RawAborted {
  readonly producerId: string
  readonly firstOffset: string
}
interface PartitionData {
  readonly partition: number
  readonly highWatermark: string
  readonly lastStableOffset?: string
  readonly abortedTransactions?: readonly RawAborted[] | null
  readonly messages: readonly RawMessage[]
}

/**
 * Stands in for kafkajs's `Batch`: what one fetch brought of one partition. It is empty only if the fetch brought
 * nothing at all: one which covers control records, aborted records or compacted offsets alone goes to the handler
 * without messages, so that positions advance in one place.
 */
export class FetchedBatch {
  readonly topic: string
  readonly partition: number
  readonly fetchedOffset: string
  readonly highWatermark: string
  readonly messages: readonly RawMessage[]
  readonly rawMessages: readonly RawMessage[]
  /** Past everything this batch covers, ≥ fetchedOffset. */
  readonly nextOffset: number
  /** The end of what a read_committed reader could see at the time of the fetch. */
  readonly stableEnd: number

  constructor(topic: string, fetchedOffset: string, data: PartitionData) {
    const from = Number(fetchedOffset)
    this.topic = topic
    this.partition = data.partition
    this.fetchedOffset = fetchedOffset
    this.highWatermark = data.highWatermark
    this.stableEnd = Number(data.lastStableOffset ?? data.highWatermark)
    this.rawMessages = data.messages
    this.nextOffset = Math.max(from, endOf(data.messages) ?? Number(data.messages.at(-1)?.offset ?? from - 1) + 1)
    // A record batch is fetched whole, so its first records can lie before the offset asked for.
    this.messages = visibleMessages(data).filter(message => Number(message.offset) >= from)
  }

  isEmpty(): boolean {
    return this.nextOffset <= Number(this.fetchedOffset)
  }

  isEmptyDueToFiltering(): boolean {
    return false // such a batch goes to the handler
  }

  firstOffset(): string | null {
    return this.messages[0]?.offset ?? null
  }

  lastOffset(): string {
    return String(this.nextOffset - 1)
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - this.nextOffset)
  }

  offsetLagLow(): string {
    return String(Number(this.highWatermark) - 1 - Number(this.firstOffset() ?? this.lastOffset()))
  }
}

type Filtered = Pick<PartitionData, 'messages' | 'abortedTransactions'>

/** The abort filter in the shape of kafkajs's `filterAbortedMessages`; control records are left out as well. */
export function visibleMessages({ messages, abortedTransactions }: Filtered): RawMessage[] {
  if (!abortedTransactions?.length) return messages.filter(message => !message.isControlRecord)
  return withoutAborted(messages, abortedTransactions.map(aborted), entry)
}

const aborted = (from: RawAborted): AbortedTransaction => ({
  producerId: from.producerId,
  firstOffset: Number(from.firstOffset),
})

const entry = (message: RawMessage): FilterEntry => ({
  offset: Number(message.offset),
  producerId: message.batchContext.producerId,
  isTransactional: message.batchContext.inTransaction,
  control: message.isControlRecord ? markerOf(message.key) : undefined,
})

/** Key of a control record => version int16, type int16: 0 abort, 1 commit. */
function markerOf(key: Buffer | null): 'commit' | 'abort' | 'other' {
  if (!key || key.length < 4) return 'other'
  const type = key.readInt16BE(2)
  return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other'
}
