import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from '../../../connectors/kafka/crc32c.ts'
import { type BatchRecord, recordBatchV0 } from '../../../connectors/kafka/record-batch.ts'

// Not through client.ts: here kafkajs's modules are as they were published.
const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: BatchRecord) => object

// RFC 3720, B.4
const checksums: { name: string; bytes: Buffer; sum: number }[] = [
  { name: '32 zero bytes', bytes: Buffer.alloc(32), sum: 0x8a9136aa },
  { name: '32 bytes of ones', bytes: Buffer.alloc(32, 0xff), sum: 0x62a8ab43 },
  { name: '0 to 31', bytes: Buffer.from(Array.from({ length: 32 }, (_, index) => index)), sum: 0x46dd794e },
  { name: '"123456789", not a multiple of four', bytes: Buffer.from('123456789'), sum: 0xe3069283 },
  { name: 'nothing', bytes: Buffer.alloc(0), sum: 0 },
]
for (const { name, bytes, sum } of checksums) test(`crc32c of ${name}`, () => assert.equal(crc32c(bytes), sum))

const bytes = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.uint8Array({ maxLength: 200 }).map(content => Buffer.from(content)),
)
const record = fc.record({
  key: bytes,
  value: bytes,
  timestampDelta: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  headers: fc.option(
    fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.string().map(text => Buffer.from(text)),
      { maxKeys: 3 },
    ),
    { nil: undefined },
  ),
})
const batch = fc.record({
  records: fc.array(record, { maxLength: 200 }),
  firstTimestamp: fc.nat(2 ** 31),
  maxTimestamp: fc.nat(2 ** 31),
  producerId: fc.bigInt({ min: -1n, max: 2n ** 40n }).map(String),
  producerEpoch: fc.nat(32_767),
  firstSequence: fc.nat(),
  transactional: fc.boolean(),
})

test('a batch is the same bytes as kafkajs makes of it', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async given => {
      const records = given.records.map((one, offsetDelta) => ({ ...one, offsetDelta }))
      const lastOffsetDelta = Math.max(records.length - 1, 0)
      const theirs = await RecordBatch({ ...given, lastOffsetDelta, records: records.map(one => Record(one)) })
      const ours = await recordBatchV0.RecordBatch({ ...given, lastOffsetDelta, records })
      assert.deepEqual(ours.buffer, theirs.buffer)
      assert.equal(ours.size(), theirs.buffer.length)
    }),
    { numRuns: 200 },
  )
})

test('a value of 1 MB and timestamps far apart come out the same', async () => {
  for (const one of [{ value: Buffer.alloc(1_000_000, 7) }, { value: null, timestampDelta: 2 ** 40 }]) {
    const given = { firstTimestamp: 1, maxTimestamp: 2 }
    const theirs = await RecordBatch({ ...given, records: [Record(one)] })
    const ours = await recordBatchV0.RecordBatch({ ...given, records: [one] })
    assert.deepEqual(ours.buffer, theirs.buffer)
  }
})
