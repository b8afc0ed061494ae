import type { Request } from './ask.ts'
import { createErrorFromCode } from './internals.ts'
import { writeByTopic } from './produce-request.ts'

export interface TransactionOf {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

/**
 * AddPartitionsToTxn Request (Version: 1) => transactional_id producer_id producer_epoch [topic [partition]]
 * AddPartitionsToTxn Response (Version: 1) => throttle_time_ms [topic [partition error_code]]
 * @param partitions - those of one topic one after the other
 */
export const addPartitionsRequest = (
  { transactionalId, producerId, producerEpoch }: TransactionOf,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Request<void> => ({
  apiKey: 24,
  apiVersion: 1,
  apiName: 'AddPartitionsToTxn',
  connection: 0,
  write(frame) {
    frame.string(transactionalId).int64(producerId).int16(producerEpoch)
    writeByTopic(frame, partitions, ({ partition }) => frame.int32(partition))
  },
  read(answer, throttle) {
    throttle(answer.int32())
    const codes = answer.array(() => {
      answer.string()
      return answer.array(() => {
        answer.int32()
        return answer.int16()
      })
    })
    const failed = codes.flat().find(code => code !== 0)
    if (failed !== undefined) throw createErrorFromCode(failed)
  },
})

/**
 * EndTxn Request (Version: 1) => transactional_id producer_id producer_epoch committed
 * EndTxn Response (Version: 1) => throttle_time_ms error_code
 */
export const commitRequest = ({ transactionalId, producerId, producerEpoch }: TransactionOf): Request<void> => ({
  apiKey: 26,
  apiVersion: 1,
  apiName: 'EndTxn',
  connection: 0,
  write(frame) {
    frame.string(transactionalId).int64(producerId).int16(producerEpoch).int8(1)
  },
  read(answer, throttle) {
    throttle(answer.int32())
    const code = answer.int16()
    if (code !== 0) throw createErrorFromCode(code)
  },
})
