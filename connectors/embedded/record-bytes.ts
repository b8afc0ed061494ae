/**
 * Keys and values of the embedded log in LMDB. All numbers are big-endian.
 *
 *   stream key     topic id u32 | offset u48                       so that a topic lies together, in order
 *   table key      topic id u32 | 0 | key, or 1 | SHA-256 of a key longer than LMDB takes
 *   record         offset u48 | flags u8 | time ms f64 | [key length u32 | key] | [headers] | value
 *   headers        count u16 | (name length u16 | length u32 | name | bytes)*
 *   end            next offset f64 | time of the newest record, ms f64
 */
import { createHash } from 'node:crypto'
import type { LogRecord, OutRecord } from '../../topology/log-port.ts'
import type { Room } from './room.ts'

const HAS_KEY = 1
const HAS_VALUE = 2
const HAS_HEADERS = 4
const FIXED_BYTES = 15
const FLAGS_AT = 6
const TIME_AT = 7
/** LMDB takes 1,978 bytes with pages of 4 kB. */
const MAX_PLAIN_KEY_BYTES = 1_900

export function streamKey(topicId: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(10)
  key.writeUInt32BE(topicId, 0)
  key.writeUIntBE(offset, 4, 6)
  return key
}

/** @param key - of a stream or of a tombstone */
export const offsetOfKey = (key: Uint8Array): number => Buffer.from(key.buffer, key.byteOffset, 10).readUIntBE(4, 6)

export function tableKey(topicId: number, key: Buffer): Buffer {
  const isPlain = key.length <= MAX_PLAIN_KEY_BYTES
  const id = isPlain ? key : createHash('sha256').update(key).digest()
  const bytes = Buffer.allocUnsafe(5 + id.length)
  bytes.writeUInt32BE(topicId, 0)
  bytes.writeUInt8(isPlain ? 0 : 1, 4)
  id.copy(bytes, 5)
  return bytes
}

export const offsetOfRecord = (bytes: Buffer): number => bytes.readUIntBE(0, 6)

/** Key of a topic's end, and where its keys start in every database. */
export function endKey(topicId: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(topicId, 0)
  return key
}

export function endBytes(next: number, lastMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeDoubleBE(next, 0)
  bytes.writeDoubleBE(lastMs, 8)
  return bytes
}

export const endOf = (bytes: Buffer): { next: number; lastMs: number } => ({
  next: bytes.readDoubleBE(0),
  lastMs: bytes.readDoubleBE(8),
})

/** @param room - where the bytes are put */
export function encodeRecord(record: OutRecord, offset: number, timestampMs: number, room: Room): Buffer {
  const { key, value } = record
  const headers = record.headers ? encodeHeaders(record.headers) : undefined
  const size = FIXED_BYTES + (key ? 4 + key.length : 0) + (headers?.length ?? 0) + (value?.length ?? 0)
  const bytes = room.take(size)
  bytes.writeUIntBE(offset, 0, 6)
  bytes.writeUInt8((key ? HAS_KEY : 0) | (value ? HAS_VALUE : 0) | (headers ? HAS_HEADERS : 0), FLAGS_AT)
  bytes.writeDoubleBE(timestampMs, TIME_AT)
  let at = FIXED_BYTES
  if (key) {
    at = bytes.writeUInt32BE(key.length, at)
    at += key.copy(bytes, at)
  }
  if (headers) at += headers.copy(bytes, at)
  value?.copy(bytes, at)
  return bytes
}

/** @param bytes - kept: key, headers and value of the record are views of it */
export function decodeRecord(topic: string, bytes: Buffer): LogRecord {
  const offset = offsetOfRecord(bytes)
  const flags = bytes.readUInt8(FLAGS_AT)
  let at = FIXED_BYTES
  let key: Buffer | null = null
  if (flags & HAS_KEY) {
    const end = at + 4 + bytes.readUInt32BE(at)
    key = bytes.subarray(at + 4, end)
    at = end
  }
  const headers: Record<string, Buffer> = {}
  if (flags & HAS_HEADERS) at = decodeHeaders(bytes, at, headers)
  const value = flags & HAS_VALUE ? bytes.subarray(at) : null
  return { topic, partition: 0, offset, timestampMs: bytes.readDoubleBE(TIME_AT), key, value, headers }
}

function encodeHeaders(headers: Readonly<Record<string, Buffer>>): Buffer | undefined {
  const entries = Object.entries(headers)
  if (entries.length === 0) return undefined
  const count = Buffer.allocUnsafe(2)
  count.writeUInt16BE(entries.length, 0)
  const parts: Buffer[] = [count]
  for (const [name, value] of entries) {
    const nameBytes = Buffer.from(name)
    const lengths = Buffer.allocUnsafe(6)
    lengths.writeUInt16BE(nameBytes.length, 0)
    lengths.writeUInt32BE(value.length, 2)
    parts.push(lengths, nameBytes, value)
  }
  return Buffer.concat(parts)
}

/** @returns where the headers end */
function decodeHeaders(bytes: Buffer, start: number, headers: Record<string, Buffer>): number {
  let at = start + 2
  for (let left = bytes.readUInt16BE(start); left > 0; left--) {
    const name = at + 6
    const value = name + bytes.readUInt16BE(at)
    const end = value + bytes.readUInt32BE(at + 2)
    headers[bytes.toString('utf8', name, value)] = bytes.subarray(value, end)
    at = end
  }
  return at
}
