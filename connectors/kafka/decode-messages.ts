import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** What kafkajs's protocol decoder offers of itself here. */
interface Decoder {
  readInt32(): number
  canReadBytes(length: number): boolean
  readBytes(length: number): Buffer
}
export interface RawMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer | Buffer[]>
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}
interface RecordBatch {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  readonly records: readonly RawMessage[]
}

const DecoderClass = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => Decoder
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (from: Decoder) => Promise<RecordBatch>
const decodeMessageSet = require('kafkajs/src/protocol/messageSet/decoder') as (
  from: Decoder,
  size: number,
) => RawMessage[]

const MAGIC_OFFSET = 16 // the same place in every message format
const RECORD_BATCH_MAGIC = 2
const RECORD_BATCH_OVERHEAD = 49

/** Decoded messages → the offset after the last record batch they came from, with or without records. */
const ends = new WeakMap<readonly RawMessage[], number>()

/** @returns the offset after the data these messages were decoded from, undefined where there were none */
export const endOf = (messages: readonly RawMessage[]): number | undefined => ends.get(messages)

/**
 * kafkajs's decoder of the records of one partition in a fetch, which also remembers where the data end.
 * @param from - stands at the length of the records
 */
export async function decodeMessages(from: Decoder): Promise<RawMessage[]> {
  const size = from.readInt32()
  if (size <= 0 || !from.canReadBytes(size)) return []
  const bytes = from.readBytes(size)
  const decoder = new DecoderClass(bytes)
  if (bytes.readInt8(MAGIC_OFFSET) !== RECORD_BATCH_MAGIC) return decodeMessageSet(decoder, size)

  const records: RawMessage[] = []
  while (decoder.canReadBytes(RECORD_BATCH_OVERHEAD)) {
    try {
      const batch = await decodeBatch(decoder)
      for (const record of batch.records) records.push(record) // a spread fails beyond some 100,000 records
      ends.set(records, Number(batch.firstOffset) + batch.lastOffsetDelta + 1)
    } catch (error) {
      // maxBytes cuts the last batch of a fetch anywhere; it comes whole with the next one
      if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') break
      throw error
    }
  }
  return records
}
