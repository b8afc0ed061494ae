/** Cases of the LogPort suite: topics, producing, transactions, fencing. */
import assert from 'node:assert/strict'
import { FencedError } from '../../topology/log-port.ts'
import { type LogCase, out } from './log-port-harness.ts'

export const writeCases: readonly LogCase[] = [
  {
    name: 'ensureTopics creates what is missing, tells its names, and is content with what stands',
    async run(h) {
      const stream = h.settings()
      const table = h.settings({ cleanup: 'compact' })
      assert.deepEqual(await h.log.ensureTopics([stream]), [stream.name])
      assert.deepEqual(await h.log.ensureTopics([stream, table]), [table.name])
      assert.deepEqual(await h.log.ensureTopics([stream, table]), [])
    },
  },
  {
    name: 'ensureTopics refuses a topic that stands with other settings, naming each difference',
    async run(h) {
      const settings = h.settings({ retentionMs: 86_400_000 })
      await h.log.ensureTopics([settings])
      const refused = h.log.ensureTopics([{ ...settings, retentionMs: 3_600_000, appendTime: false }])
      await assert.rejects(refused, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'TOPIC_MISMATCH')
        assert.ok(error.message.includes(settings.name), error.message)
        assert.match(error.message, /retention.*3600000.*86400000/i)
        return true
      })
    },
  },
  {
    name: 'ensureTopics refuses another number of partitions',
    async run(h) {
      const settings = h.settings()
      await h.log.ensureTopics([settings])
      await assert.rejects(h.log.ensureTopics([{ ...settings, partitions: 3 }]), { code: 'TOPIC_MISMATCH' })
    },
  },
  {
    name: 'offsets of a topic that does not exist are refused',
    async run(h) {
      await assert.rejects(h.log.offsets(h.name('missing')))
    },
  },
  {
    name: 'an empty topic begins and ends at offset 0',
    async run(h) {
      const topic = await h.topic()
      assert.deepEqual(await h.log.offsets(topic), [{ begin: 0, end: 0 }])
    },
  },
  {
    name: 'produce tells the offset of the last record of each partition',
    async run(h) {
      const [a, b] = [await h.topic(), await h.topic()]
      const last = await h.log.produce([...out(a, '1', '2'), ...out(b, '3')])
      assert.deepEqual(
        new Map([...last].sort()),
        new Map(
          [
            [`${a}/0`, 1],
            [`${b}/0`, 0],
          ].sort() as [string, number][],
        ),
      )
      assert.deepEqual(await h.log.offsets(a), [{ begin: 0, end: 2 }])
    },
  },
  {
    name: 'calls of produce made side by side keep their order',
    async run(h) {
      const topic = await h.topic()
      const values = Array.from({ length: 20 }, (_, n) => `${n}`)
      await Promise.all(values.map(value => h.produce(topic, value)))
      const reader = await h.read(topic)
      await reader.until(({ records }) => records.length >= values.length)
      assert.deepEqual(reader.texts, values)
    },
  },
  {
    name: 'a record without a key is refused by a table',
    async run(h) {
      const topic = await h.topic({ cleanup: 'compact' })
      await assert.rejects(h.log.produce([{ topic, partition: 0, key: null, value: Buffer.from('x') }]))
      assert.equal(await h.end(topic), 0)
    },
  },
  {
    name: 'a commit without records changes nothing',
    async run(h) {
      const transactor = await h.log.transactor(h.name('id'))
      assert.deepEqual(await transactor.commit([]), new Map())
      await transactor.close()
    },
  },
  {
    name: 'what a transaction wrote to several topics is readable once commit resolves, at the offsets it tells',
    async run(h) {
      const [a, b] = [await h.topic(), await h.topic({ cleanup: 'compact' })]
      const transactor = await h.log.transactor(h.name('id'))
      const last = await transactor.commit([...out(a, '1', '2'), ...out(b, '3')])
      const reader = await h.read([a, b])
      await reader.until(({ records }) => records.length === 3)
      for (const [at, offset] of last) {
        const newest = reader.records.filter(record => `${record.topic}/${record.partition}` === at).at(-1)
        assert.equal(newest?.offset, offset, at)
      }
      assert.ok((await h.end(a)) >= 2)
      await transactor.close()
    },
  },
  {
    name: 'transactions of two ids into one partition are both whole and in order',
    async run(h) {
      const topic = await h.topic()
      const [one, two] = await Promise.all([h.log.transactor(h.name('id')), h.log.transactor(h.name('id'))])
      for (let n = 0; n < 5; n++) await Promise.all([one.commit(out(topic, `a${n}`)), two.commit(out(topic, `b${n}`))])
      const reader = await h.read(topic)
      await reader.until(({ records }) => records.length === 10)
      for (const writer of ['a', 'b']) {
        const own = reader.texts.filter(value => value.startsWith(writer))
        assert.deepEqual(
          own,
          [0, 1, 2, 3, 4].map(n => `${writer}${n}`),
        )
      }
      await Promise.all([one.close(), two.close()])
    },
  },
  {
    name: 'a transaction of 10 MB goes in whole',
    async run(h) {
      const topic = await h.topic()
      const transactor = await h.log.transactor(h.name('id'))
      const value = Buffer.alloc(100_000, 7)
      const records = Array.from({ length: 100 }, (_, n) => ({ topic, partition: 0, key: Buffer.from(`${n}`), value }))
      await transactor.commit(records)
      const reader = await h.read(topic)
      await reader.until(read => read.records.length === 100)
      assert.deepEqual(
        reader.records.map(record => record.key?.toString()),
        records.map(record => record.key.toString()),
      )
      assert.ok(reader.records.every(record => record.value?.equals(value)))
      await transactor.close()
    },
  },
  {
    name: 'opening an id again fences the older holder, whose records are never seen',
    async run(h) {
      const topic = await h.topic()
      const id = h.name('id')
      const older = await h.log.transactor(id)
      await older.commit(out(topic, 'before'))
      const newer = await h.log.transactor(id)
      await assert.rejects(older.commit(out(topic, 'zombie')), FencedError)
      await newer.commit(out(topic, 'after'))
      const reader = await h.read(topic)
      await reader.reaches(await h.end(topic))
      assert.deepEqual(reader.texts, ['before', 'after'])
      await assert.rejects(older.commit(out(topic, 'again')), 'a fenced transactor stays dead')
      await Promise.all([older.close(), newer.close()])
    },
  },
  {
    name: 'what stands behind an open transaction is not read, and end says so, until the transaction is ended',
    async run(h) {
      const topic = await h.topic()
      const id = h.name('id')
      await h.produce(topic, 'before')
      await h.capabilities.leaveOpen?.(id, out(topic, 'open'))
      await h.produce(topic, 'behind')
      assert.equal(await h.end(topic), 1)
      const reader = await h.read(topic)
      await reader.reaches(1)
      assert.deepEqual(reader.texts, ['before'])
      const newer = await h.log.transactor(id)
      await newer.commit(out(topic, 'after'))
      await reader.reaches(await h.end(topic))
      assert.deepEqual(reader.texts, ['before', 'behind', 'after'])
      await newer.close()
    },
  },
  {
    name: 'a partition whose newest records were aborted is read to its end by nextOffset',
    async run(h) {
      const topic = await h.topic()
      const id = h.name('id')
      await h.capabilities.leaveOpen?.(id, out(topic, 'aborted'))
      const newer = await h.log.transactor(id)
      const end = await h.end(topic)
      assert.ok(end >= 2, `the aborted record and its marker take offsets, got ${end}`)
      const reader = await h.read(topic)
      await reader.reaches(end)
      assert.deepEqual(reader.texts, [])
      assert.equal(reader.batches.at(-1)?.isDrained, true)
      await newer.close()
    },
  },
  {
    name: 'purge forgets the records before an offset, and begin tells',
    async run(h) {
      const topic = await h.topic()
      await h.produce(topic, '0', '1', '2', '3')
      await h.log.purge({ topic, partition: 0 }, 3)
      assert.deepEqual(await h.log.offsets(topic), [{ begin: 3, end: 4 }])
      const reader = await h.read(topic)
      await reader.reaches(4)
      assert.deepEqual(reader.texts, ['3'])
    },
  },
  {
    name: 'a closed log refuses every call, and closing it twice is no error',
    async run(h) {
      const topic = await h.topic()
      await h.log.close()
      await h.log.close()
      await assert.rejects(h.produce(topic, 'x'))
      await assert.rejects(h.log.offsets(topic))
      await assert.rejects(h.log.transactor(h.name('id')))
    },
  },
]
