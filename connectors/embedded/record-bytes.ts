/**
 * Keys and values of the embedded log in LMDB. All numbers are big-endian.
 *
 *   record key     topic id u32 | offset u48                       so that a topic lies together, in order
 *   record value   flags u8 | time ms f64 | [key length u32 | key] | [headers] | value
 *   headers        count u16 | (name length u16 | length u32 | name | bytes)*
 *   latest key     topic id u32 | 0 | key, or 1 | SHA-256 of a key longer than LMDB takes
 *   latest value   offset u48
 */
import { createHash } from 'node:crypto'
import type { LogRecord, OutRecord } from '../../topology/log-port.ts'

const HAS_KEY = 1
const HAS_VALUE = 2
const HAS_HEADERS = 4
const FIXED_BYTES = 9
/** LMDB takes 1,978 bytes with pages of 4 kB. */
const MAX_PLAIN_KEY_BYTES = 1_900

export function recordKey(topicId: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(10)
  key.writeUInt32BE(topicId, 0)
  key.writeUIntBE(offset, 4, 6)
  return key
}

export const offsetOfKey = (key: Uint8Array): number => Buffer.from(key.buffer, key.byteOffset, 10).readUIntBE(4, 6)

export function latestKey(topicId: number, key: Buffer): Buffer {
  const isPlain = key.length <= MAX_PLAIN_KEY_BYTES
  const id = isPlain ? key : createHash('sha256').update(key).digest()
  const bytes = Buffer.allocUnsafe(5 + id.length)
  bytes.writeUInt32BE(topicId, 0)
  bytes.writeUInt8(isPlain ? 0 : 1, 4)
  id.copy(bytes, 5)
  return bytes
}

export function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(6)
  bytes.writeUIntBE(offset, 0, 6)
  return bytes
}

export const offsetOf = (bytes: Buffer): number => bytes.readUIntBE(0, 6)

export function encodeRecord(record: OutRecord, timestampMs: number): Buffer {
  const { key, value } = record
  const headers = record.headers ? encodeHeaders(record.headers) : undefined
  const size = FIXED_BYTES + (key ? 4 + key.length : 0) + (headers?.length ?? 0) + (value?.length ?? 0)
  const bytes = Buffer.allocUnsafe(size)
  bytes.writeUInt8((key ? HAS_KEY : 0) | (value ? HAS_VALUE : 0) | (headers ? HAS_HEADERS : 0), 0)
  bytes.writeDoubleBE(timestampMs, 1)
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
export function decodeRecord(topic: string, offset: number, bytes: Buffer): LogRecord {
  const flags = bytes.readUInt8(0)
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
  return { topic, partition: 0, offset, timestampMs: bytes.readDoubleBE(1), key, value, headers }
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
