/**
 * RecordBatch => FirstOffset int64 · Length int32 · PartitionLeaderEpoch int32 · Magic int8 · CRC uint32 of what follows ·
 *   Attributes int16 · LastOffsetDelta int32 · FirstTimestamp int64 · MaxTimestamp int64 · ProducerId int64 ·
 *   ProducerEpoch int16 · FirstSequence int32 · Count int32 · Records
 * Record => Length · Attributes int8 · TimestampDelta · OffsetDelta · Key · Value · Count · Headers (Key · Value);
 *   lengths, counts and deltas are zigzag varints, a length of −1 is null.
 */
import { createRequire } from 'node:module'
import { crc32c } from './crc32c.ts'

type Bytes = Buffer | string | null | undefined
export interface BatchRecord {
  readonly offsetDelta?: number
  readonly timestampDelta?: number
  readonly key?: Bytes
  readonly value?: Bytes
  readonly headers?: Readonly<Record<string, Bytes | readonly Bytes[]>>
}
interface RecordBatch {
  readonly compression?: number
  readonly firstOffset?: unknown
  readonly firstTimestamp?: unknown
  readonly maxTimestamp?: unknown
  readonly partitionLeaderEpoch?: number
  readonly lastOffsetDelta?: number
  readonly transactional?: boolean
  readonly producerId?: unknown
  readonly producerEpoch?: number
  readonly firstSequence?: number
  readonly records?: readonly BatchRecord[]
}
/** As much of kafkajs's Encoder as those who take a batch look at. */
interface Encoded {
  readonly buf: Buffer
  readonly buffer: Buffer
  size(): number
}

const require = createRequire(import.meta.url)
const theirs = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<Encoded>
  MAGIC_BYTE: number
}
const theirRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: BatchRecord) => unknown

const HEAD_BYTES = 61
const CRC_AT = 17
const CRC_FROM = 21
const TRANSACTIONAL = 16
const INT30 = 2 ** 30 // what a zigzag varint of 32 bits holds, by far

/** Stands in for kafkajs's record encoder, which made some ten small buffers a record: the batch does it all at once. */
export const encodeRecord = (record: BatchRecord): BatchRecord => record

/** kafkajs's `recordBatch/v0`, in one pass. What we never send (compression, timestamps far apart) stays kafkajs's. */
export const recordBatchV0 = {
  MAGIC_BYTE: theirs.MAGIC_BYTE,
  async RecordBatch(batch: RecordBatch): Promise<Encoded> {
    const { records = [], compression = 0 } = batch
    if (compression !== 0 || records.some(({ timestampDelta = 0 }) => Math.abs(timestampDelta) >= INT30)) {
      return theirs.RecordBatch({ ...batch, records: records.map(theirRecord) })
    }
    const buffer = encode(batch, records)
    return { buf: buffer, buffer, size: () => buffer.length }
  },
}

function encode(batch: RecordBatch, records: readonly BatchRecord[]): Buffer {
  const headers = records.map(headersOf)
  const bodies = records.map((record, index) => bodyBytes(record, headers[index] ?? []))
  const out = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + varintBytes(body) + body, HEAD_BYTES))

  const now = Date.now()
  out.writeBigInt64BE(BigInt(String(batch.firstOffset ?? 0)), 0)
  out.writeInt32BE(out.length - 12, 8)
  out.writeInt32BE(batch.partitionLeaderEpoch ?? 0, 12)
  out.writeInt8(theirs.MAGIC_BYTE, 16)
  out.writeInt16BE(batch.transactional ? TRANSACTIONAL : 0, CRC_FROM)
  out.writeInt32BE(batch.lastOffsetDelta ?? 0, 23)
  out.writeBigInt64BE(BigInt(String(batch.firstTimestamp ?? now)), 27)
  out.writeBigInt64BE(BigInt(String(batch.maxTimestamp ?? now)), 35)
  out.writeBigInt64BE(BigInt(String(batch.producerId ?? -1)), 43)
  out.writeInt16BE(batch.producerEpoch ?? 0, 51)
  out.writeInt32BE(batch.firstSequence ?? 0, 53)
  out.writeInt32BE(records.length, 57)

  let end = HEAD_BYTES
  for (const [index, { timestampDelta = 0, offsetDelta = 0, key, value }] of records.entries()) {
    end = writeVarint(out, bodies[index] ?? 0, end)
    out[end++] = 0
    end = writeVarint(out, timestampDelta, end)
    end = writeVarint(out, offsetDelta, end)
    end = writeBytes(out, key, end)
    end = writeBytes(out, value, end)
    const own = headers[index] ?? []
    end = writeVarint(out, own.length, end)
    for (const [name, content] of own) end = writeBytes(out, content, writeBytes(out, name, end))
  }
  if (end !== out.length) throw new Error(`a record batch of ${out.length} bytes came out as ${end}`)
  out.writeUInt32BE(crc32c(out, CRC_FROM), CRC_AT)
  return out
}

type Header = readonly [name: string, content: Bytes]
const NONE: readonly Header[] = []
function headersOf({ headers }: BatchRecord): readonly Header[] {
  if (!headers) return NONE
  return Object.entries(headers).flatMap(([name, content]): Header[] =>
    isList(content) ? content.map(one => [name, one]) : [[name, content]],
  )
}
const isList = (content: Bytes | readonly Bytes[]): content is readonly Bytes[] => Array.isArray(content)

function bodyBytes(record: BatchRecord, headers: readonly Header[]): number {
  const { timestampDelta = 0, offsetDelta = 0, key, value } = record
  let bytes = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta) + sizedBytes(key) + sizedBytes(value)
  bytes += varintBytes(headers.length)
  for (const [name, content] of headers) bytes += sizedBytes(name) + sizedBytes(content)
  return bytes
}

function sizedBytes(bytes: Bytes): number {
  if (bytes === null || bytes === undefined) return 1
  const length = Buffer.byteLength(bytes)
  return varintBytes(length) + length
}

function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5
}

/** @returns where the next byte goes */
function writeVarint(out: Buffer, value: number, at: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  let end = at
  while (zigzag >= 0x80) {
    out[end++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  out[end++] = zigzag
  return end
}

function writeBytes(out: Buffer, bytes: Bytes, at: number): number {
  if (bytes === null || bytes === undefined) return writeVarint(out, -1, at)
  const length = Buffer.byteLength(bytes)
  const from = writeVarint(out, length, at)
  if (typeof bytes === 'string') out.write(bytes, from)
  else bytes.copy(out, from)
  return from + length
}
