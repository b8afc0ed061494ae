/** Cases of the LogPort suite: what one consumer is given, and when. */
import assert from 'node:assert/strict'
import { type LogCase, out } from './log-port-harness.ts'

const BINARY_KEYS = [[0], [255, 254], [0, 0, 0, 0], [10, 13, 0, 47], Array.from({ length: 256 }, (_, n) => n)]

export const readCases: readonly LogCase[] = [
  {
    name: 'records arrive in the order they were produced, offsets rising by one',
    async run(h) {
      const topic = await h.topic()
      const values = Array.from({ length: 50 }, (_, n) => `${n}`)
      for (let n = 0; n < 50; n += 10) await h.produce(topic, ...values.slice(n, n + 10))
      const reader = await h.read(topic)
      await reader.reaches(50)
      assert.deepEqual(reader.texts, values)
      assert.deepEqual(
        reader.records.map(record => record.offset),
        values.map(Number),
      )
    },
  },
  {
    name: 'records appended while the reader waits reach it',
    async run(h) {
      const topic = await h.topic()
      const reader = await h.read(topic)
      await reader.until(({ assignments }) => assignments.length === 1)
      for (const value of ['a', 'b', 'c']) {
        await h.produce(topic, value)
        await reader.until(({ texts }) => texts.includes(value))
      }
      assert.deepEqual(reader.texts, ['a', 'b', 'c'])
    },
  },
  {
    name: 'the end offset is reached by nextOffset after transactions, and the batch there is drained',
    async run(h) {
      const topic = await h.topic()
      const transactor = await h.log.transactor(h.name('id'))
      for (const value of ['a', 'b', 'c']) await transactor.commit(out(topic, value))
      const end = await h.end(topic)
      const reader = await h.read(topic)
      await reader.reaches(end)
      assert.deepEqual(reader.texts, ['a', 'b', 'c'])
      assert.equal(reader.batches.at(-1)?.nextOffset, end)
      assert.equal(reader.batches.at(-1)?.isDrained, true)
      await transactor.close()
    },
  },
  {
    name: 'keys of any bytes, no key, an empty value and a tombstone come back as they were',
    async run(h) {
      const topic = await h.topic()
      const keys = [...BINARY_KEYS.map(bytes => Buffer.from(bytes)), null]
      const values = [Buffer.alloc(0), null, Buffer.from([0, 255])]
      const sent = keys.flatMap(key => values.map(value => ({ topic, partition: 0, key, value })))
      await h.log.produce(sent)
      const reader = await h.read(topic)
      await reader.until(({ records }) => records.length === sent.length)
      assert.deepEqual(
        reader.records.map(({ key, value }) => ({ topic, partition: 0, key, value })),
        sent,
      )
    },
  },
  {
    name: 'headers come back as they were, and a record without any has none',
    async run(h) {
      const topic = await h.topic()
      const headers = { trace: Buffer.from([1, 2, 0]), empty: Buffer.alloc(0), ключ: Buffer.from('ü') }
      const [plain] = out(topic, 'plain')
      if (plain) await h.log.produce([{ ...plain, headers }, plain])
      const reader = await h.read(topic)
      await reader.until(({ records }) => records.length === 2)
      assert.deepEqual({ ...reader.records[0]?.headers }, headers)
      assert.deepEqual({ ...reader.records[1]?.headers }, {})
    },
  },
  {
    name: 'append times never go back',
    async run(h) {
      const topic = await h.topic()
      for (const value of ['a', 'b', 'c']) await h.produce(topic, value)
      const reader = await h.read(topic)
      await reader.reaches(3)
      const times = reader.records.map(record => record.timestampMs)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
    },
  },
  {
    name: 'a table read from its beginning gives the last value of every key, a tombstone included',
    async run(h) {
      const topic = await h.topic({ cleanup: 'compact' })
      const put = (key: string, value: string | null) =>
        h.log.produce([
          { topic, partition: 0, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) },
        ])
      await put('a', '1')
      await put('b', '1')
      await put('a', '2')
      await put('c', '1')
      await put('c', null)
      const reader = await h.read(topic)
      await reader.reaches(await h.end(topic))
      const table = new Map<string, string>()
      for (const { key, value } of reader.records) {
        if (value) table.set(`${key}`, `${value}`)
        else table.delete(`${key}`)
      }
      assert.deepEqual(
        table,
        new Map([
          ['a', '2'],
          ['b', '1'],
        ]),
      )
    },
  },
  {
    name: 'a live reader of a table sees a tombstone pass',
    async run(h) {
      const topic = await h.topic({ cleanup: 'compact' })
      const reader = await h.read(topic)
      await h.produce(topic, 'a')
      await reader.until(({ texts }) => texts.includes('a'))
      await h.log.produce([{ topic, partition: 0, key: Buffer.from('a'), value: null }])
      await reader.until(({ texts }) => texts.includes('null'))
      assert.equal(reader.records.at(-1)?.key?.toString(), 'a')
    },
  },
  {
    name: 'onAssign comes after consume has been called and before the first record, with the consumer',
    async run(h) {
      const topic = await h.topic()
      await h.produce(topic, 'a')
      const reader = await h.read(topic, {
        onAssign(assigned, consumer) {
          assert.deepEqual(assigned, [{ topic, partition: 0 }])
          assert.deepEqual(reader.records, [])
          consumer.resume({ topic, partition: 0 })
        },
      })
      await reader.until(({ records, crashes }) => records.length === 1 || crashes.length > 0)
      assert.deepEqual(reader.crashes, [])
    },
  },
  {
    name: 'an assigned partition is paused until it is resumed',
    async run(h) {
      const topic = await h.topic()
      const paused = await h.read(topic, { isPaused: true })
      await paused.until(({ assignments }) => assignments.length === 1)
      await h.produce(topic, 'a')
      const other = await h.read(topic)
      await other.reaches(1)
      assert.deepEqual(paused.batches, [])
      paused.port.resume({ topic, partition: 0 })
      await paused.reaches(1)
      assert.deepEqual(paused.texts, ['a'])
    },
  },
  {
    name: 'after a pause in the handler nothing comes until resume, and then nothing is missing or twice',
    async run(h) {
      const topic = await h.topic()
      const at = { topic, partition: 0 }
      const reader = await h.read(topic, {
        async onBatch(batch) {
          if (batch.records.some(record => record.offset === 0)) reader.port.pause(at)
        },
      })
      await h.produce(topic, 'a')
      await reader.reaches(1)
      await h.produce(topic, 'b', 'c')
      const other = await h.read(topic)
      await other.reaches(3)
      assert.deepEqual(reader.texts, ['a'])
      reader.port.resume(at)
      await reader.reaches(3)
      assert.deepEqual(reader.texts, ['a', 'b', 'c'])
    },
  },
  {
    name: 'a reader that seeks when it is assigned starts there',
    async run(h) {
      const topic = await h.topic()
      await h.produce(topic, '0', '1', '2', '3')
      const reader = await h.read(topic, { from: 2 })
      await reader.reaches(4)
      assert.deepEqual(reader.texts, ['2', '3'])
    },
  },
  {
    name: 'a seek in the handler decides what comes next',
    async run(h) {
      const topic = await h.topic()
      await h.produce(topic, '0', '1', '2')
      let isBack = false
      const reader = await h.read(topic, {
        async onBatch() {
          if (isBack) return
          isBack = true
          reader.port.seek({ topic, partition: 0 }, 1)
        },
      })
      await reader.until(({ batches }) => batches.length >= 2 && batches.at(-1)?.nextOffset === 3)
      assert.deepEqual(reader.texts.slice(-2), ['1', '2'])
      assert.equal(reader.texts.filter(value => value === '0').length, 1)
    },
  },
  {
    name: 'two readers without a group both read everything',
    async run(h) {
      const topic = await h.topic()
      const readers = [await h.read(topic), await h.read(topic)]
      await h.produce(topic, 'a', 'b')
      for (const reader of readers) {
        await reader.reaches(2)
        assert.deepEqual(reader.texts, ['a', 'b'])
      }
    },
  },
  {
    name: 'one batch of a partition is handled at a time',
    async run(h) {
      const topic = await h.topic()
      let handling = 0
      let most = 0
      const reader = await h.read(topic, {
        async onBatch(batch) {
          most = Math.max(most, ++handling)
          await batch.heartbeat()
          await h.end(topic)
          handling--
        },
      })
      for (const value of ['a', 'b', 'c', 'd']) await h.produce(topic, value)
      await reader.reaches(4)
      assert.equal(most, 1)
    },
  },
  {
    name: 'a handler that throws ends the consumer, and onCrash is told why, once',
    async run(h) {
      const topic = await h.topic()
      let calls = 0
      const reader = await h.read(topic, {
        onBatch() {
          calls++
          throw new Error('the handler broke')
        },
      })
      await h.produce(topic, 'a')
      await reader.until(({ crashes }) => crashes.length > 0)
      await h.produce(topic, 'b')
      const other = await h.read(topic)
      await other.reaches(2)
      const told = reader.crashes.map(error => `${error.message} ${String(error.cause ?? '')}`)
      assert.equal(told.length, 1)
      assert.match(told[0] ?? '', /the handler broke/)
      assert.equal(calls, 1)
    },
  },
  {
    name: 'a position that the log has lost ends the consumer instead of skipping records',
    async run(h) {
      const topic = await h.topic()
      await h.produce(topic, '0', '1', '2')
      await h.log.purge({ topic, partition: 0 }, 2)
      const reader = await h.read(topic, { from: 0 })
      await reader.until(({ crashes, records }) => crashes.length > 0 || records.length > 0)
      assert.deepEqual(reader.texts, [])
      assert.equal((reader.crashes[0] as Error & { code?: string }).code, 'DATA_LOST')
    },
  },
  {
    name: 'a stopped consumer is given nothing more',
    async run(h) {
      const topic = await h.topic()
      const reader = await h.read(topic)
      await h.produce(topic, 'a')
      await reader.reaches(1)
      await reader.port.stop()
      await h.produce(topic, 'b')
      const other = await h.read(topic)
      await other.reaches(2)
      assert.deepEqual(reader.texts, ['a'])
      assert.deepEqual(reader.crashes, [])
    },
  },
]
