/** Cases of the LogPort suite: groups, what they commit, and how they share partitions. */
import assert from 'node:assert/strict'
import type { TopicPartition } from '../../topology/log-port.ts'
import type { LogCase, Reader } from './log-port-harness.ts'

const held = (reader: Reader): string[] =>
  (reader.assignments.at(-1) ?? []).map((at: TopicPartition) => `${at.topic}/${at.partition}`).sort()

const all = (topics: readonly string[], partitions: number): string[] =>
  topics.flatMap(topic => Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`)).sort()

export const groupCases: readonly LogCase[] = [
  {
    name: 'two groups both read everything',
    async run(h) {
      const topic = await h.topic()
      const readers = [await h.read(topic, { group: h.name('group') }), await h.read(topic, { group: h.name('group') })]
      await h.produce(topic, 'a', 'b')
      for (const reader of readers) {
        await reader.reaches(2)
        assert.deepEqual(reader.texts, ['a', 'b'])
      }
    },
  },
  {
    name: 'what a group committed is told to its next consumer, and undefined where it committed nothing',
    async run(h) {
      const [a, b] = [await h.topic(), await h.topic()]
      const group = h.name('group')
      const at = [
        { topic: a, partition: 0 },
        { topic: b, partition: 0 },
      ]
      const first = await h.read([a, b], { group })
      await first.until(({ assignments }) => assignments.length > 0)
      assert.deepEqual(await first.port.committed(at), [undefined, undefined])
      await first.port.commitOffsets([{ topic: a, partition: 0, offset: 7 }])
      assert.deepEqual(await first.port.committed(at), [7, undefined])
      await first.port.stop()
      const second = await h.read([a, b], { group })
      await second.until(({ assignments }) => assignments.length > 0)
      assert.deepEqual(await second.port.committed(at), [7, undefined])
      const stranger = await h.read(a, { group: h.name('group') })
      await stranger.until(({ assignments }) => assignments.length > 0)
      assert.deepEqual(await stranger.port.committed(at.slice(0, 1)), [undefined])
    },
  },
  {
    name: 'a new consumer of a group begins at the beginning, whatever was committed, until it seeks',
    async run(h) {
      const topic = await h.topic()
      const group = h.name('group')
      await h.produce(topic, 'a', 'b')
      const first = await h.read(topic, { group })
      await first.reaches(2)
      await first.port.commitOffsets([{ topic, partition: 0, offset: 2 }])
      await first.port.stop()
      const second = await h.read(topic, { group })
      await second.reaches(2)
      assert.deepEqual(second.texts, ['a', 'b'])
    },
  },
  {
    name: 'when the consumer that has a partition stops, another of its group is assigned it',
    async run(h) {
      const topic = await h.topic()
      const group = h.name('group')
      await h.produce(topic, 'a')
      const readers = [await h.read(topic, { group }), await h.read(topic, { group })]
      const [first, second] = readers
      if (!first || !second) throw new Error('two readers were opened')
      await Promise.race(readers.map(reader => reader.reaches(1)))
      const owner = held(first).length > 0 ? first : second
      const other = owner === first ? second : first
      await owner.port.stop()
      await other.until(() => held(other).length === 1)
      await other.reaches(1)
      assert.deepEqual(other.texts, ['a'])
    },
  },
  {
    name: 'partitions are handled side by side',
    async run(h) {
      const topic = await h.topic({ partitions: 2 })
      const entered = new Set<number>()
      let open: () => void = () => {}
      const both = new Promise<void>(resolve => {
        open = resolve
      })
      const reader = await h.read(topic, {
        async onBatch({ partition }) {
          entered.add(partition)
          if (entered.size === 2) open()
          await both
        },
      })
      await h.log.produce([0, 1].map(partition => ({ topic, partition, key: null, value: Buffer.from('x') })))
      await reader.until(({ records }) => records.length === 2)
      assert.deepEqual(entered, new Set([0, 1]))
    },
  },
  {
    name: 'copartition gives partition p of every topic to one member, and every partition to exactly one',
    async run(h) {
      const topics = [await h.topic({ partitions: 4 }), await h.topic({ partitions: 4 })]
      const group = h.name('group')
      const first = await h.read(topics, { group })
      await first.until(() => held(first).length === 8)
      const second = await h.read(topics, { group })
      await first.until(() => held(first).length === 4)
      await second.until(() => held(second).length === 4)
      assert.deepEqual([...held(first), ...held(second)].sort(), all(topics, 4))
      for (const reader of [first, second]) {
        const [one, two] = topics.map(topic =>
          held(reader)
            .filter(at => at.startsWith(topic))
            .map(at => at.slice(-1)),
        )
        assert.deepEqual(one, two)
      }
      await second.port.stop()
      await first.until(() => held(first).length === 8)
    },
  },
  {
    name: 'single gives every partition to one member',
    async run(h) {
      const topic = await h.topic({ partitions: 3 })
      const group = h.name('group')
      const readers = [
        await h.read(topic, { group, assignment: 'single' }),
        await h.read(topic, { group, assignment: 'single' }),
      ]
      await Promise.all(readers.map(reader => reader.until(({ assignments }) => assignments.length > 0)))
      await Promise.race(readers.map(reader => reader.until(() => held(reader).length === 3)))
      assert.ok(readers.every(reader => reader.assignments.every(({ length }) => length === 0 || length === 3)))
    },
  },
]
