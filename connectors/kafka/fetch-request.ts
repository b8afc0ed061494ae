import type { Request } from './ask.ts'
import type { FetchedPartition } from './fetched-batch.ts'
import type { FrameReader } from './frame.ts'
import { createErrorFromCode } from './internals.ts'
import { writeByTopic } from './produce-request.ts'

export interface PartitionToFetch {
  readonly topic: string
  readonly partition: number
  readonly fetchOffset: number
}
export interface FetchLimits {
  /** How long the broker waits for the first record, ms. */
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

const CLIENT = -1
const READ_COMMITTED = 1
const NO_SESSION = 0
const NO_SESSION_EPOCH = -1
const UNKNOWN = -1
const OFFSET_OUT_OF_RANGE = 1

/**
 * Fetch Request (Version: 11) => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
 *   [topic [partition current_leader_epoch fetch_offset log_start_offset max_bytes]] [forgotten topics] rack_id
 * Fetch Response (Version: 11) => throttle_time_ms error_code session_id
 *   [topic [partition error_code high_watermark last_stable_offset log_start_offset [producer_id first_offset]
 *   preferred_read_replica records]]
 * @param partitions - the first ones are served first where not everything goes into one answer
 */
export const fetchRequest = (
  { maxWaitMs, maxBytes, maxBytesPerPartition }: FetchLimits,
  partitions: readonly PartitionToFetch[],
): Request<FetchedPartition[]> => ({
  apiKey: 1,
  apiVersion: 11,
  apiName: 'Fetch',
  connection: 1,
  write(frame) {
    frame.int32(CLIENT).int32(maxWaitMs).int32(1).int32(maxBytes).int8(READ_COMMITTED)
    frame.int32(NO_SESSION).int32(NO_SESSION_EPOCH)
    writeByTopic(frame, partitions, ({ partition, fetchOffset }) => {
      frame.int32(partition).int32(UNKNOWN).int64(fetchOffset).int64(UNKNOWN).int32(maxBytesPerPartition)
    })
    frame.int32(0).string('')
  },
  read(answer, throttle) {
    throttle(answer.int32())
    const code = answer.int16()
    if (code !== 0) throw createErrorFromCode(code)
    answer.int32() // session
    const offsets = new Map(partitions.map(at => [`${at.topic}/${at.partition}`, at.fetchOffset]))
    const fetched = answer.array(() => {
      const topic = answer.string()
      return answer.array(() => partitionOf(answer, topic, offsets))
    })
    return fetched.flat()
  },
})

function partitionOf(answer: FrameReader, topic: string, offsets: ReadonlyMap<string, number>): FetchedPartition {
  const partition = answer.int32()
  const code = answer.int16()
  if (code === OFFSET_OUT_OF_RANGE) {
    // As kafkajs calls it, which then asks `recoverFromOffsetOutOfRange`.
    throw Object.assign(createErrorFromCode(code), { name: 'KafkaJSOffsetOutOfRange', topic, partition })
  }
  if (code !== 0) throw createErrorFromCode(code)
  const highWatermark = answer.int64()
  const lastStableOffset = answer.int64()
  answer.int64() // start of the log
  const aborted = answer.array(() => ({ producerId: String(answer.int64()), firstOffset: answer.int64() }))
  answer.int32() // preferred replica
  const fetchOffset = offsets.get(`${topic}/${partition}`) ?? 0
  return { topic, partition, fetchOffset, highWatermark, lastStableOffset, aborted, records: answer.data() }
}
