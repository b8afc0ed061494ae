/** A namespace copied to another number of partitions: equal digests, each record once and in order, wherever it dies. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { reshard, type ReshardResult } from '../../connectors/reshard.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { item } from '../../schemas/item.ts'
import { topicName, topics } from '../../schemas/topics.ts'
import type { LogPort, LogRecord } from '../../topology/log-port.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { appendedAtMs, APPENDED_AT_HEADER } from '../../topology/record-headers.ts'
import { runAtOnce, type Scheduler } from '../../topology/scheduler.ts'
import { settingsOf } from '../../topology/runner.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { Shop } from '../e2e/shop.ts'
import { streamOf } from '../e2e/stream.ts'
import { randomOf } from '../topology/random.ts'

const SOURCES = [topics.interactions, topics.items, topics.users] as const
const copy = (log: LogPort, partitions: number, to: string, more: { from?: string; signal?: AbortSignal } = {}) =>
  reshard({ log, from: 'freshet', to, partitions, lease: `${to}.reshard`, onProgress: () => {}, ...more })

async function recordsOf(log: LogPort, topic: { readonly name: string }, namespace: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  await readToEnd(log, [topicName(topic, namespace)], record => records.push(record))
  return records
}

/** A log with the sources of the default namespace only. */
async function sources(t: TestContext, scheduler: Scheduler = runAtOnce) {
  let nowMs = 1_700_000_000_000
  const log = new SimulatedLog({ now: () => nowMs++, maxBatchRecords: 40, scheduler })
  t.after(() => log.close())
  await log.ensureTopics(SOURCES.map(topic => settingsOf(topic, 'freshet', 4)))
  const put = (topic: { readonly name: string }, key: string, value: string | null, partition = partitionOf(key, 4)) =>
    log.produce([
      { topic: topic.name, partition, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) },
    ])
  return { log, put }
}

const stream = await streamOf(1_500)

describe('reshard', () => {
  for (const partitions of [12, 1])
    it(`a chain on the copy from 4 to ${partitions} partitions ends with the digests of the old one`, async t => {
      const log = new SimulatedLog({ now: Date.now })
      t.after(() => log.close())
      const registry = new MemoryRegistry()
      const old = await Shop.open(log, registry, 'freshet', 4)
      await old.publish(stream)
      await log.produce(
        ['film', 'film 2'].map(id => ({
          topic: topics.items.name,
          partition: partitionOf(id, 4),
          key: Buffer.from(id),
          value: old.wire.encode(topics.items, withDefaults(item, { title: id })),
        })),
      )
      const result = await copy(log, partitions, 'other')
      assert.deepEqual(result.copied, { 'items.v1': 2, 'interactions.v1': stream.length })
      assert.deepEqual([result.misplaced, result.isWhole], [0, true])
      const other = await Shop.open(log, registry, 'other', partitions)
      const digests = []
      for (const shop of [old, other]) {
        const running = await shop.run()
        await shop.settled()
        await running.stop()
        digests.push(await shop.digests())
      }
      assert.deepEqual(digests[1], digests[0])
      assert(Object.values(digests[0] ?? {}).every(one => one.keys > 0))
    })

  it('keeps the order of each key, the value, other headers and the append time, that of an earlier copy too', async t => {
    const { log, put } = await sources(t)
    for (let n = 0; n < 500; n++) await put(topics.interactions, `visitor ${n % 23}`, `${n}`)
    await log.produce([
      {
        topic: topics.interactions.name,
        partition: partitionOf('again', 4),
        key: Buffer.from('again'),
        value: Buffer.from('x'),
        headers: { [APPENDED_AT_HEADER]: Buffer.from('42'), other: Buffer.from('kept') },
      },
    ])
    await put(topics.items, 'gone', null)
    const before = await recordsOf(log, topics.interactions, 'freshet')
    await copy(log, 12, 'wide')
    const after = await recordsOf(log, topics.interactions, 'wide')
    const byKey = (records: LogRecord[]) =>
      Object.fromEntries(
        [...Map.groupBy(records, one => String(one.key))].map(([key, some]) => [
          key,
          some.map(one => [String(one.value), appendedAtMs(one), String(one.headers.other)]),
        ]),
      )
    assert.deepEqual(byKey(after), byKey(before))
    assert.deepEqual(byKey(after).again, [['x', 42, 'kept']])
    for (const { key, partition } of after) assert.equal(partition, partitionOf(key ?? '', 12))
    const [tombstone] = await recordsOf(log, topics.items, 'wide')
    assert.deepEqual([String(tombstone?.key), tombstone?.value], ['gone', null])
  })

  it('leaves out what lies where its key does not belong, and counts it', async t => {
    const { log, put } = await sources(t)
    await put(topics.interactions, 'ann', 'well placed')
    await put(topics.interactions, 'ann', 'misplaced', (partitionOf('ann', 4) + 1) % 4)
    assert.equal((await copy(log, 12, 'wide')).misplaced, 1)
    assert.deepEqual(
      (await recordsOf(log, topics.interactions, 'wide')).map(one => String(one.value)),
      ['well placed'],
    )
  })

  it('a later call copies what has come in since', async t => {
    const { log, put } = await sources(t)
    await put(topics.interactions, 'ann', '1')
    await copy(log, 12, 'wide')
    assert.deepEqual((await copy(log, 12, 'wide')).copied, {})
    await put(topics.interactions, 'ann', '2')
    await put(topics.users, 'ann', 'u')
    const { copied } = await copy(log, 12, 'wide')
    assert.deepEqual([copied['interactions.v1'], copied['users.v1']], [1, 1])
    assert.deepEqual(
      (await recordsOf(log, topics.interactions, 'wide')).map(one => String(one.value)),
      ['1', '2'],
    )
  })

  it('refuses a namespace of another origin, with other partitions, or that is not empty; and one to copy from that is not there', async t => {
    const { log, put } = await sources(t)
    await put(topics.interactions, 'ann', '1')
    await copy(log, 12, 'wide')
    await assert.rejects(copy(log, 6, 'wide'), { code: 'TOPIC_MISMATCH' })
    await copy(log, 2, 'narrow', { from: 'wide' })
    await assert.rejects(copy(log, 2, 'narrow'), /narrow: wanted a copy of namespace freshet, it is one of wide/)
    await log.ensureTopics(SOURCES.map(topic => settingsOf(topic, 'own', 12)))
    await log.produce([{ topic: 'own.users.v1', partition: 0, key: Buffer.from('u'), value: Buffer.from('x') }])
    await assert.rejects(copy(log, 12, 'own'), /own\.users\.v1: wanted an empty topic/)
    await assert.rejects(copy(log, 12, 'new', { from: 'nowhere' }), { code: 'TOPIC_MISMATCH' })
    await assert.rejects(log.offsets('new.interactions.v1'), 'nothing was created')
  })

  it('copies each record once and in order, wherever it dies or is fenced or stopped', async t => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomOf(seed)
      const scheduler: Scheduler = {
        step(client, label) {
          if (!client.startsWith('reshard') || random() > 0.015) return 'run'
          const verdicts = ['crash', 'lose-request', 'lose-answer', 'fence'] as const
          seen.add(label)
          return verdicts[Math.floor(random() * verdicts.length)] ?? 'run'
        },
      }
      const { log, put } = await sources(t, scheduler)
      for (let n = 0; n < 400; n++) await put(topics.interactions, `v${n % 11}`, `${n}`)
      let result: ReshardResult | undefined
      for (let attempt = 1; !result?.isWhole; attempt++) {
        assert(attempt < 200, 'it comes to an end')
        const client = log.client(`reshard ${attempt}`)
        const stop = new AbortController()
        result = undefined
        let isOver = false
        copy(client, 12, 'wide', { signal: stop.signal }).then(
          done => {
            result = done
            isOver = true
          },
          () => {
            isOver = true
          },
        )
        const stopAfter = Math.floor(random() * 400)
        for (let turn = 0; !isOver && !client.isCrashed; turn++) {
          if (turn === stopAfter) stop.abort()
          log.tick()
          await new Promise(resolve => setImmediate(resolve))
        }
      }
      const values = new Map<string, number[]>()
      for (const { key, value } of await recordsOf(log, topics.interactions, 'wide'))
        values.set(String(key), [...(values.get(String(key)) ?? []), Number(value)])
      for (let visitor = 0; visitor < 11; visitor++) {
        const wanted = Array.from({ length: 400 }, (_, n) => n).filter(n => n % 11 === visitor)
        assert.deepEqual(values.get(`v${visitor}`), wanted, `seed ${seed}: v${visitor}`)
      }
    }
    for (const label of ['transactor:open', 'commit:begin', 'commit:append', 'commit:end', 'consume:fetch'])
      assert(seen.has(label), `${label} was never tried`)
  })
})
