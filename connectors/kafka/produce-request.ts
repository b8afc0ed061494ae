import type { OutRecord } from '../../topology/log-port.ts'
import type { Request } from './ask.ts'
import type { FrameReader, FrameWriter } from './frame.ts'
import { createErrorFromCode } from './internals.ts'
import { type BatchWriter, writeRecordBatch } from './record-batch.ts'

export interface PartitionToProduce {
  readonly topic: string
  readonly partition: number
  readonly records: readonly OutRecord[]
  readonly firstSequence: number
}
export interface PartitionProduced {
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
}

const ALL_REPLICAS = -1
/** How long the broker may wait for its replicas, ms. */
const TIMEOUT_MS = 30_000

/**
 * Produce Request (Version: 7) => transactional_id acks timeout [topic [partition records]]
 * Produce Response (Version: 7) => [topic [partition error_code base_offset log_append_time log_start_offset]] throttle_time_ms
 * @param partitions - those of one topic one after the other, since the broker takes each topic once
 * @returns as many as were given; the request throws where one of them failed
 */
export function produceRequest(
  transactionalId: string | null,
  by: Omit<BatchWriter, 'firstSequence'>,
  partitions: readonly PartitionToProduce[],
): Request<PartitionProduced[]> {
  return {
    apiKey: 0,
    apiVersion: 7,
    apiName: 'Produce',
    connection: 0,
    write(frame) {
      frame.string(transactionalId).int16(ALL_REPLICAS).int32(TIMEOUT_MS)
      writeByTopic(frame, partitions, one => {
        frame.int32(one.partition).int32(0)
        const from = frame.at
        writeRecordBatch(frame, one.records, { ...by, firstSequence: one.firstSequence })
        frame.bytes.writeInt32BE(frame.at - from, from - 4)
      })
    },
    read(answer, throttle) {
      const produced = answer.array(() => producedOf(answer)).flat()
      throttle(answer.int32())
      const failed = produced.find(({ errorCode }) => errorCode !== 0)
      if (failed) throw createErrorFromCode(failed.errorCode)
      return produced
    },
  }
}

function producedOf(answer: FrameReader) {
  const topic = answer.string()
  return answer.array(() => {
    const one = { topic, partition: answer.int32(), errorCode: answer.int16(), baseOffset: answer.int64() }
    answer.int64() // append time
    answer.int64() // start of the log
    return one
  })
}

/** An array of topics, each with an array of its partitions. @param partitions - those of one topic one after the other */
export function writeByTopic<P extends { readonly topic: string }>(
  frame: FrameWriter,
  partitions: readonly P[],
  write: (partition: P) => void,
): void {
  const topics = partitions.filter(({ topic }, index) => topic !== partitions[index - 1]?.topic)
  frame.int32(topics.length)
  let index = 0
  for (const { topic } of topics) {
    frame.string(topic).int32(0)
    const countAt = frame.at - 4
    let count = 0
    for (let one = partitions[index]; one?.topic === topic; one = partitions[index]) {
      write(one)
      count++
      index++
    }
    frame.bytes.writeInt32BE(count, countAt)
  }
}
