/**
 * RecordBatch => FirstOffset int64 · Length int32 · PartitionLeaderEpoch int32 · Magic int8 · CRC uint32 of what follows ·
 *   Attributes int16 · LastOffsetDelta int32 · FirstTimestamp int64 · MaxTimestamp int64 · ProducerId int64 ·
 *   ProducerEpoch int16 · FirstSequence int32 · Count int32 · Records, compressed as a whole or not
 * Record => Length · Attributes int8 · TimestampDelta · OffsetDelta · Key · Value · Count · Headers (Key · Value);
 *   lengths, counts and deltas are zigzag varints, a length of −1 is null.
 */
import { constants, zstdCompressSync } from 'node:zlib'
import type { OutRecord } from '../../topology/log-port.ts'
import { crc32c } from './crc32c.ts'
import type { FrameWriter } from './frame.ts'

export interface BatchWriter {
  readonly timestampMs: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly isTransactional: boolean
}

const MAGIC = 2
const ZSTD = 4
const TRANSACTIONAL = 16
const HEAD_BYTES = 61
/** Length, attributes, deltas and counts of a record at their largest. */
const RECORD_OVERHEAD_BYTES = 36

/**
 * Records shorter than this together stay as they are: there, compressing them and what readers and broker have of it cost
 * more than the bytes (some 40 µs a batch, then 3 µs a kB). Of what our topics hold above it, two thirds go.
 */
export const COMPRESSED_FROM_BYTES = 4_000
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** Appends what a produce request holds of one partition. */
export function writeRecordBatch(out: FrameWriter, records: readonly OutRecord[], by: BatchWriter): void {
  let most = HEAD_BYTES
  for (const record of records) most += RECORD_OVERHEAD_BYTES + bytesOf(record)
  out.reserve(most)
  const { bytes, at: start } = out
  const from = start + HEAD_BYTES
  let end = from
  for (let index = 0; index < records.length; index++) end = writeRecord(bytes, records[index] as OutRecord, index, end)
  const compressedEnd = compress(bytes, from, end)
  const attributes = (compressedEnd < end ? ZSTD : 0) | (by.isTransactional ? TRANSACTIONAL : 0)
  end = compressedEnd

  bytes.writeBigInt64BE(0n, start)
  bytes.writeInt32BE(end - start - 12, start + 8)
  bytes.writeInt32BE(0, start + 12)
  bytes.writeInt8(MAGIC, start + 16)
  bytes.writeInt16BE(attributes, start + 21)
  bytes.writeInt32BE(records.length - 1, start + 23)
  const timestamp = BigInt(by.timestampMs)
  bytes.writeBigInt64BE(timestamp, start + 27)
  bytes.writeBigInt64BE(timestamp, start + 35)
  bytes.writeBigInt64BE(by.producerId, start + 43)
  bytes.writeInt16BE(by.producerEpoch, start + 51)
  bytes.writeInt32BE(by.firstSequence, start + 53)
  bytes.writeInt32BE(records.length, start + 57)
  bytes.writeUInt32BE(crc32c(bytes, start + 21, end), start + 17)
  out.at = end
}

/** In place. @returns where the records end now */
function compress(bytes: Buffer, from: number, end: number): number {
  if (end - from < COMPRESSED_FROM_BYTES) return end
  const smaller = zstdCompressSync(bytes.subarray(from, end), FAST)
  return smaller.length < end - from ? from + smaller.copy(bytes, from) : end
}

function bytesOf({ key, value, headers }: OutRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0)
  if (headers)
    for (const name of Object.keys(headers)) bytes += 10 + Buffer.byteLength(name) + (headers[name]?.length ?? 0)
  return bytes
}

/** @returns where the next record goes */
function writeRecord(out: Buffer, record: OutRecord, offsetDelta: number, at: number): number {
  const { key, value, headers } = record
  const names = headers ? Object.keys(headers) : []
  let body = 2 + varintBytes(offsetDelta) + sizedBytes(key) + sizedBytes(value) + varintBytes(names.length)
  for (const name of names) {
    const length = Buffer.byteLength(name)
    body += varintBytes(length) + length + sizedBytes(headers?.[name] ?? null)
  }
  let end = writeVarint(out, body, at)
  out[end++] = 0 // attributes
  out[end++] = 0 // every record carries the time of its batch
  end = writeVarint(out, offsetDelta, end)
  end = writeBytes(out, key, end)
  end = writeBytes(out, value, end)
  end = writeVarint(out, names.length, end)
  for (const name of names) {
    end = writeVarint(out, Buffer.byteLength(name), end)
    end += out.write(name, end)
    end = writeBytes(out, headers?.[name] ?? null, end)
  }
  return end
}

const sizedBytes = (bytes: Buffer | null): number => (bytes === null ? 1 : varintBytes(bytes.length) + bytes.length)

/** @param value - −1 or more, below 2^30 */
function varintBytes(value: number): number {
  const zigzag = (value << 1) ^ (value >> 31)
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5
}

/** @returns where the next byte goes */
function writeVarint(out: Buffer, value: number, at: number): number {
  let zigzag = (value << 1) ^ (value >> 31)
  let end = at
  while (zigzag >= 0x80) {
    out[end++] = (zigzag & 0x7f) | 0x80
    zigzag >>>= 7
  }
  out[end++] = zigzag
  return end
}

function writeBytes(out: Buffer, bytes: Buffer | null, at: number): number {
  if (bytes === null) return writeVarint(out, -1, at)
  const from = writeVarint(out, bytes.length, at)
  bytes.copy(out, from)
  return from + bytes.length
}
