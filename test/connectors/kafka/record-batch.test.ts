import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { crc32c } from '../../../connectors/kafka/crc32c.ts'
import { FrameWriter } from '../../../connectors/kafka/frame.ts'
import { COMPRESSED_FROM_BYTES, writeRecordBatch } from '../../../connectors/kafka/record-batch.ts'
import type { OutRecord } from '../../../topology/log-port.ts'

// Not through client.ts: here kafkajs's modules are as they were published.
const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object

// RFC 3720, B.4
const checksums: { name: string; bytes: Buffer; sum: number }[] = [
  { name: '32 zero bytes', bytes: Buffer.alloc(32), sum: 0x8a9136aa },
  { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), sum: 0x62a8ab43 },
  { name: '0 to 31', bytes: Buffer.from(Array.from({ length: 32 }, (_, index) => index)), sum: 0x46dd794e },
  { name: '"123456789", shorter than a step', bytes: Buffer.from('123456789'), sum: 0xe3069283 },
  { name: 'nothing', bytes: Buffer.alloc(0), sum: 0 },
]
for (const { name, bytes, sum } of checksums) test(`crc32c of ${name}`, () => assert.equal(crc32c(bytes), sum))

test('crc32c of any stretch is what the definition says bit by bit', () => {
  const slowly = (bytes: Uint8Array): number => {
    let crc = -1
    for (const byte of bytes) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    }
    return ~crc >>> 0
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (bytes, before, behind) => {
      // A view into the middle of other memory, as a pooled buffer is.
      const all = Buffer.concat([Buffer.alloc(3, 9), bytes]).subarray(3)
      const [from, end] = [Math.min(before, bytes.length), Math.max(bytes.length - behind, 0)]
      assert.equal(crc32c(all, from, end), slowly(bytes.subarray(from, end)))
    }),
  )
})

const by = { timestampMs: 1_700_000_000_000, producerId: 2n ** 40n, producerEpoch: 5, firstSequence: 2 ** 31 - 1 }
function written(records: readonly OutRecord[], isTransactional: boolean): Buffer {
  const frame = new FrameWriter(8).int8(1) // not at the beginning of its memory
  writeRecordBatch(frame, records, { ...by, isTransactional })
  return frame.bytes.subarray(1, frame.at)
}
const theirs = async (records: readonly OutRecord[], transactional: boolean): Promise<Buffer> =>
  (
    await RecordBatch({
      ...by,
      producerId: String(by.producerId),
      firstTimestamp: by.timestampMs,
      maxTimestamp: by.timestampMs,
      lastOffsetDelta: records.length - 1,
      transactional,
      records: records.map((record, offsetDelta) => Record({ ...record, offsetDelta, timestampDelta: 0 })),
    })
  ).buffer

const bytes = (maxLength: number) =>
  fc.option(
    fc.uint8Array({ maxLength }).map(content => Buffer.from(content)),
    { nil: null },
  )
const record = fc
  .record({
    key: bytes(5),
    value: bytes(100),
    headers: fc.option(
      fc.dictionary(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string().map(text => Buffer.from(text)),
        { maxKeys: 3 },
      ),
      { nil: undefined },
    ),
  })
  .map(({ headers, ...rest }) => ({ topic: 't', partition: 0, ...rest, ...(headers && { headers }) }))

test('a batch below the size that is compressed is the same bytes as kafkajs makes of it', async () => {
  const some = fc.array(record, { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(some, fc.boolean(), async (records, isTransactional) => {
      const expected = await theirs(records, isTransactional)
      fc.pre(expected.length < COMPRESSED_FROM_BYTES)
      assert.deepEqual(written(records, isTransactional), expected)
    }),
    { numRuns: 200 },
  )
})

/** A batch without what compression changes: length, checksum, attributes, records. */
const head = (batch: Buffer): Buffer => Buffer.concat([batch.subarray(12, 17), batch.subarray(23, 61)])

test('from that size on its records are compressed, and else it is what kafkajs makes of it', async () => {
  const many = fc.array(record, { minLength: 200, maxLength: 400 })
  await fc.assert(
    fc.asyncProperty(many, fc.boolean(), async (records, isTransactional) => {
      const expected = await theirs(records, isTransactional)
      fc.pre(expected.length >= COMPRESSED_FROM_BYTES + 61)
      const batch = written(records, isTransactional)
      assert.equal(batch.readInt32BE(8), batch.length - 12)
      assert.equal(batch.readUInt32BE(17), crc32c(batch, 21))
      assert.equal(batch.readInt16BE(21), expected.readInt16BE(21) | 4)
      assert.deepEqual(head(batch), head(expected))
      assert.deepEqual(zstdDecompressSync(batch.subarray(61)), expected.subarray(61))
      assert.ok(batch.length < expected.length)
    }),
    { numRuns: 20 },
  )
})

test('what does not get smaller stays as it is', async () => {
  const hashes = Array.from({ length: 500 }, (_, index) => createHash('sha256').update(String(index)).digest())
  const random = Buffer.concat(hashes)
  const records = [{ topic: 't', partition: 0, key: null, value: random }]
  assert.ok(written(records, false).equals(await theirs(records, false)))
})
