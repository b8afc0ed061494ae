import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { FetchedBatch } from '../../../connectors/kafka/fetched-batch.ts'

const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>
}
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object

/** A record batch from `first` to `last`, of which compaction has left these offsets. */
async function batch(first: number, last: number, kept: readonly number[]): Promise<Buffer> {
  const records = kept.map(offset =>
    Record({ offsetDelta: offset - first, key: Buffer.from('k'), value: Buffer.from(String(offset)) }),
  )
  const encoded = await RecordBatch({ firstOffset: first, lastOffsetDelta: last - first, records })
  return encoded.buffer
}

const fetched = (fetchOffset: number, records: Buffer): FetchedBatch =>
  new FetchedBatch({
    topic: 't',
    partition: 0,
    fetchOffset,
    highWatermark: 100,
    lastStableOffset: 20,
    aborted: [],
    records,
  })

const cases: {
  name: string
  from: number
  batches: [first: number, last: number, kept: number[]][]
  seen: number[]
  next: number
  isEmpty?: true
}[] = [
  { name: 'whole batches end after their last record', from: 3, batches: [[3, 4, [3, 4]]], seen: [3, 4], next: 5 },
  {
    name: 'records before the offset asked for are left out',
    from: 4,
    batches: [[3, 5, [3, 4, 5]]],
    seen: [4, 5],
    next: 6,
  },
  { name: 'a compacted tail counts as read', from: 0, batches: [[0, 9, [2]]], seen: [2], next: 10 },
  { name: 'a batch without records counts as read', from: 5, batches: [[5, 9, []]], seen: [], next: 10 },
  { name: 'a batch whose records all lie before counts as read', from: 5, batches: [[0, 9, [2]]], seen: [], next: 10 },
  { name: 'a gap before the first record is skipped', from: 5, batches: [[8, 9, [9]]], seen: [9], next: 10 },
  { name: 'a fetch that brought nothing stays where it is', from: 5, batches: [], seen: [], next: 5, isEmpty: true },
]
for (const { name, from, batches, seen, next, isEmpty = false } of cases) {
  test(`fetched batch: ${name}`, async () => {
    const bytes = await Promise.all(batches.map(([first, last, kept]) => batch(first, last, kept)))
    const result = fetched(from, Buffer.concat(bytes))
    assert.deepEqual(
      result.records().map(({ offset }) => offset),
      seen,
    )
    assert.equal(result.nextOffset, next)
    assert.equal(result.isEmpty(), isEmpty)
    assert.equal(result.lastOffset(), String(next - 1))
    assert.equal(result.stableEnd, 20)
    assert.deepEqual(result.messages, [])
  })
}

test('a batch cut short by maxBytes is left for the next fetch', async () => {
  const bytes = Buffer.concat([await batch(0, 1, [0, 1]), (await batch(2, 3, [2, 3])).subarray(0, -1)])
  const result = fetched(0, bytes)
  assert.equal(result.nextOffset, 2)
  assert.equal(result.records().length, 2)
})
