/** Reads what a fetch brought of one partition: record batches as `record-batch.ts` describes them, the last perhaps cut short. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type AbortedTransaction, type FilterEntry, withoutAborted } from '../../topology/abort-filter.ts'
import type { LogRecord } from '../../topology/log-port.ts'

const HEAD_BYTES = 61
/** Of a batch, what stands before the length it states. */
const BEFORE_LENGTH_BYTES = 12
const MAGIC = 2
const CODEC = 7
const LOG_APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32
const HIGH = 2 ** 32

export interface FetchedBatchHead {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly attributes: number
  readonly firstTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: number
  readonly count: number
  /** As they lie on the wire. */
  readonly records: Buffer
}

/**
 * @returns the batches that came whole; the rest comes with the next fetch
 * @throws on a format older than Kafka 0.11
 */
export function batchesOf(bytes: Buffer): FetchedBatchHead[] {
  const batches: FetchedBatchHead[] = []
  let at = 0
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + BEFORE_LENGTH_BYTES + bytes.readInt32BE(at + 8)
    const magic = bytes.readInt8(at + 16)
    if (magic !== MAGIC) throw new Error(`wanted records in format ${MAGIC}, got ${magic}: written before Kafka 0.11`)
    if (end > bytes.length) break
    const firstOffset = int64(bytes, at)
    batches.push({
      firstOffset,
      lastOffset: firstOffset + bytes.readInt32BE(at + 23),
      attributes: bytes.readInt16BE(at + 21),
      firstTimestampMs: int64(bytes, at + 27),
      maxTimestampMs: int64(bytes, at + 35),
      producerId: int64(bytes, at + 43),
      count: bytes.readInt32BE(at + 57),
      records: bytes.subarray(at + HEAD_BYTES, end),
    })
    at = end
  }
  return batches
}

/** @returns what a read_committed reader may see; a batch is of one transaction, so it goes or stays whole */
export function visibleBatches(
  batches: readonly FetchedBatchHead[],
  aborted: readonly AbortedTransaction[],
): FetchedBatchHead[] {
  if (aborted.length === 0) return batches.filter(({ attributes }) => (attributes & CONTROL) === 0)
  return withoutAborted(batches, aborted, entryOf)
}

const entryOf = (batch: FetchedBatchHead): FilterEntry => ({
  offset: batch.lastOffset,
  producerId: String(batch.producerId),
  isTransactional: (batch.attributes & TRANSACTIONAL) !== 0,
  control: (batch.attributes & CONTROL) === 0 ? undefined : markerOf(batch),
})

/** Key of a control record => version int16, type int16: 0 abort, 1 commit. */
function markerOf(batch: FetchedBatchHead): 'commit' | 'abort' | 'other' {
  const [marker] = recordsOf('', 0, batch, 0)
  if (!marker?.key || marker.key.length < 4) return 'other'
  const type = marker.key.readInt16BE(2)
  return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other'
}

/**
 * Keys and values are copies: one that is kept does not keep the whole fetch, up to 10 MB, alive.
 * @returns the records from offset `from` on
 */
export function recordsOf(topic: string, partition: number, batch: FetchedBatchHead, from: number): LogRecord[] {
  const { firstOffset, firstTimestampMs, maxTimestampMs, attributes, count } = batch
  if (count === 0) return [] // compaction keeps a producer's last batch, emptied
  const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0
  const cursor = new RecordCursor(decompressed(batch.records, attributes & CODEC))
  const records: LogRecord[] = []
  for (let index = 0; index < count; index++) {
    const next = cursor.varint() + cursor.at
    cursor.at++ // attributes, of which there are none yet
    const timestampDelta = cursor.varlong()
    const offset = firstOffset + cursor.varint()
    if (offset >= from) {
      records.push({
        topic,
        partition,
        offset,
        timestampMs: isAppendTime ? maxTimestampMs : firstTimestampMs + timestampDelta,
        key: cursor.copy(),
        value: cursor.copy(),
        headers: cursor.headers(),
      })
    }
    cursor.at = next
  }
  return records
}

function decompressed(records: Buffer, codec: number): Buffer {
  switch (codec) {
    case 0:
      return records
    case 1:
      return gunzipSync(records)
    case 4:
      return zstdDecompressSync(records)
    default:
      throw new Error(`wanted records compressed by gzip or zstd or not at all, got codec ${codec} (2 snappy, 3 lz4)`)
  }
}

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze({})

class RecordCursor {
  readonly #bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Zigzag, 32 bits. */
  varint(): number {
    const bytes = this.#bytes
    let byte = bytes[this.at++] as number
    let zigzag = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[this.at++] as number
      zigzag |= (byte & 0x7f) << shift
    }
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  /** Zigzag, exact below 2^52. */
  varlong(): number {
    let zigzag = 0
    let byte: number
    let factor = 1
    do {
      byte = this.#bytes[this.at++] as number
      zigzag += (byte & 0x7f) * factor
      factor *= 0x80
    } while (byte >= 0x80)
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  copy(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const from = this.at
    this.at += length
    if (this.at > this.#bytes.length)
      throw new RangeError(`a record ends ${this.at - this.#bytes.length} bytes too late`)
    const copy = Buffer.allocUnsafe(length)
    copy.set(this.#bytes.subarray(from, this.at))
    return copy
  }

  /** The last one of a name counts; one without a value is left out. */
  headers(): Readonly<Record<string, Buffer>> {
    const count = this.varint()
    if (count <= 0) return NO_HEADERS
    const headers: [string, Buffer][] = []
    for (let index = 0; index < count; index++) {
      const length = this.varint()
      const name = this.#bytes.toString('utf8', this.at, this.at + length)
      this.at += length
      const value = this.copy()
      if (value) headers.push([name, value])
    }
    return Object.fromEntries(headers)
  }
}

/** Exact below 2^53, and −1. */
const int64 = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) * HIGH + bytes.readUInt32BE(at + 4)
