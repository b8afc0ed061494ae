/** What is read of record batches, beside what kafkajs reads of them and what was written. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { batchesOf, recordsOf } from '../../../connectors/kafka/fetched-records.ts'
import { FrameWriter } from '../../../connectors/kafka/frame.ts'
import { writeRecordBatch } from '../../../connectors/kafka/record-batch.ts'
import { DecoderClass } from './fake-broker.ts'

// Not through client.ts: here kafkajs's modules are as they were published.
const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object
interface TheirRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>
}
const theirDecoder = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  from: object,
) => Promise<{ records: TheirRecord[] }>

const content = fc.option(
  fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
  { nil: null },
)
const record = fc.record({
  key: content,
  value: content,
  timestampDelta: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  gap: fc.nat(1000), // what compaction has left out before it
  headers: fc.dictionary(
    fc.string({ unit: 'grapheme' }).map(text => `a ${text}`), // kafkajs takes "constructor" for one that came before
    fc.string().map(text => Buffer.from(text)),
    { maxKeys: 3 },
  ),
})
const batch = fc.record({
  firstOffset: fc.nat({ max: 2 ** 52 }),
  firstTimestamp: fc.nat({ max: 2 ** 42 }),
  maxTimestamp: fc.nat({ max: 2 ** 42 }),
  producerId: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
  records: fc.array(record, { maxLength: 50 }),
})

const LOG_APPEND_TIME = 8
const codecs = [
  { codec: 0, name: 'not compressed', packed: (records: Buffer) => records },
  { codec: 1, name: 'gzip', packed: (records: Buffer) => gzipSync(records) },
  { codec: 4, name: 'zstd', packed: (records: Buffer) => zstdCompressSync(records) },
]
for (const { codec, name, packed } of codecs) {
  test(`records are read as kafkajs reads them: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(batch, fc.boolean(), async ({ firstOffset, producerId, records, ...times }, isAppendTime) => {
        let offsetDelta = -1
        const encoded = records.map(({ gap, ...rest }) => {
          offsetDelta += gap + 1
          return Record({ ...rest, offsetDelta })
        })
        const { buffer } = await RecordBatch({
          firstOffset: String(firstOffset),
          producerId: String(producerId),
          ...times,
          lastOffsetDelta: offsetDelta,
          records: encoded,
        })
        if (isAppendTime) buffer.writeInt16BE(LOG_APPEND_TIME, 21)
        const expected = (await theirDecoder(new DecoderClass(buffer))).records.map(
          ({ offset, timestamp, key, value, headers }) => ({
            topic: 't',
            partition: 3,
            offset: Number(offset),
            timestampMs: Number(timestamp),
            key,
            value,
            headers: { ...headers },
          }),
        )
        const smaller = Buffer.concat([buffer.subarray(0, 61), packed(buffer.subarray(61))])
        smaller.writeInt32BE(smaller.length - 12, 8)
        smaller.writeInt16BE(buffer.readInt16BE(21) | codec, 21)
        const [head, ...none] = batchesOf(smaller)
        assert.ok(head)
        assert.equal(none.length, 0)
        assert.deepEqual([head.firstOffset, head.lastOffset], [firstOffset, firstOffset + offsetDelta])
        assert.equal(head.producerId, producerId)
        assert.deepEqual(recordsOf('t', 3, head, 0), expected)
        const from = firstOffset + Math.floor(offsetDelta / 2)
        assert.deepEqual(
          recordsOf('t', 3, head, from),
          expected.filter(({ offset }) => offset >= from),
        )
      }),
      { numRuns: 100 },
    )
  })
}

test('the last header of a name counts, and one without a value is left out', async () => {
  const headers = { twice: [Buffer.from('1'), Buffer.from('2')], none: Buffer.alloc(0) }
  const { buffer } = await RecordBatch({ lastOffsetDelta: 0, records: [Record({ value: Buffer.from('v'), headers })] })
  assert.equal(buffer.at(-1), 0) // its length; zigzag 1 is −1
  buffer[buffer.length - 1] = 1
  const [head] = batchesOf(buffer)
  assert.ok(head)
  assert.deepEqual(recordsOf('t', 0, head, 0)[0]?.headers, { twice: Buffer.from('2') })
})

function ours(count: number): Buffer {
  const frame = new FrameWriter()
  const records = Array.from({ length: count }, (_, index) => ({
    topic: 't',
    partition: 0,
    key: Buffer.from(`key ${index}`),
    value: Buffer.from(`value ${index}`),
  }))
  const by = { timestampMs: 5, producerId: 1n, producerEpoch: 0, firstSequence: 0, isTransactional: true }
  writeRecordBatch(frame, records, by)
  return frame.bytes.subarray(0, frame.at)
}

for (const count of [3, 3_000]) {
  test(`a batch of ${count} of our own is read as it was given`, () => {
    const [head] = batchesOf(ours(count))
    assert.ok(head)
    const records = recordsOf('t', 0, head, 0)
    assert.equal(records.length, count)
    for (const [index, { offset, key, value, timestampMs }] of records.entries())
      assert.deepEqual([offset, String(key), String(value), timestampMs], [index, `key ${index}`, `value ${index}`, 5])
  })
}

test('what is read keeps nothing of the memory it was read from', () => {
  const bytes = ours(3)
  const [head] = batchesOf(bytes)
  assert.ok(head)
  const records = recordsOf('t', 0, head, 0)
  bytes.fill(0)
  assert.equal(String(records[2]?.value), 'value 2')
})

test('a batch that was cut short anywhere is left for the next fetch', () => {
  const whole = ours(3)
  const next = ours(2)
  for (let length = 0; length < next.length; length++)
    assert.equal(batchesOf(Buffer.concat([whole, next.subarray(0, length)])).length, 1)
  assert.equal(batchesOf(Buffer.concat([whole, next])).length, 2)
})

test('what cannot be read says what it is', () => {
  const snappy = ours(1)
  snappy.writeInt16BE(2, 21)
  const [head] = batchesOf(snappy)
  assert.ok(head)
  assert.throws(() => recordsOf('t', 0, head, 0), /wanted records compressed by gzip or zstd .* got codec 2/)
  const old = ours(1)
  old.writeInt8(1, 16)
  assert.throws(() => batchesOf(old), /wanted records in format 2, got 1/)
  const torn = ours(3)
  torn.writeInt32BE(4, 57)
  const [more] = batchesOf(torn)
  assert.ok(more)
  assert.throws(() => recordsOf('t', 0, more, 0), RangeError)
})
