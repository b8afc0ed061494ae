import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inSends, lastOffsets, offsetAt, sendAll } from '../../../connectors/kafka/sends.ts'
import type { OutRecord } from '../../../topology/log-port.ts'

const record = (partition: number, size: number): OutRecord => ({
  topic: 't',
  partition,
  key: null,
  value: Buffer.alloc(size),
})

test('sends keep every record, in order within its partition, and no partition over 800 kB unless one record is', () => {
  const records = fc.array(
    fc.record({ partition: fc.nat(2), size: fc.oneof(fc.nat(1000), fc.integer({ min: 300_000, max: 900_000 })) }),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(records, list => {
      const given = list.map(({ partition, size }) => record(partition, size))
      const sends = inSends(given)
      for (const partition of [0, 1, 2]) {
        const sent = sends.flatMap(send => send.get(`t/${partition}`) ?? [])
        assert.deepEqual(
          sent,
          given.filter(one => one.partition === partition),
        )
      }
      for (const group of sends.flatMap(send => [...send.values()])) {
        const bytes = group.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
        assert.ok(bytes <= 800_000 || group.length === 1)
      }
    }),
    { numRuns: 50 },
  )
})

test('where each record lies follows from the runs of its sends', async () => {
  const bases = [10, 30]
  let sent = 0
  const records = [record(0, 500_000), record(0, 200_000), record(0, 200_000), record(0, 1)]
  const appended = await sendAll(
    records,
    async () => new Map([['t/0', bases[sent++] ?? 0]]),
    () => true,
  )
  const runs = appended.get('t/0') ?? []
  assert.deepEqual(
    records.map((_, index) => offsetAt(runs, index)),
    [10, 11, 30, 31],
  )
  assert.deepEqual([...lastOffsets(appended)], [['t/0', 31]])
  assert.throws(() => offsetAt(runs, 4), RangeError)
})

test('a writer given up between two sends sends no more', async () => {
  let sent = 0
  const sendOnce = async () => new Map([['t/0', sent++]])
  await assert.rejects(sendAll([record(0, 700_000), record(0, 700_000)], sendOnce, () => sent === 0))
  assert.equal(sent, 1)
})
