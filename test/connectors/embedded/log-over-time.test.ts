/** What the embedded log keeps over restarts, and what time takes away. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { Harness, out } from '../../conformance/log-port-harness.ts'

const DAY_MS = 86_400_000
const START_MS = 1_700_000_000_000

class Clock {
  nowMs = START_MS
}

async function opener(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-log-'))
  const clock = new Clock()
  let log: EmbeddedLog | undefined
  t.after(async () => {
    await log?.close()
    await rm(directory, { recursive: true })
  })
  const reopen = async () => {
    await log?.close()
    log = await EmbeddedLog.open({ directory, now: () => clock.nowMs })
    return { log, h: new Harness({ log, capabilities: {}, cleanup: async () => {} }) }
  }
  return { clock, reopen }
}

async function everything(h: Harness, topic: string): Promise<string[]> {
  const end = await h.end(topic)
  const begin = (await h.log.offsets(topic))[0]?.begin
  if (begin === end) return []
  const reader = await h.read(topic)
  await reader.reaches(end)
  await reader.port.stop()
  return reader.texts
}

test('records, offsets, settings and group positions outlive a restart', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic({ retentionMs: DAY_MS })
  const group = h.name('group')
  await h.produce(topic, 'a', 'b')
  const reader = await h.read(topic, { group })
  await reader.reaches(2)
  await reader.port.commitOffsets([{ topic, partition: 0, offset: 1 }])

  const { h: after } = await reopen()
  assert.deepEqual(await everything(after, topic), ['a', 'b'])
  assert.equal(await after.produce(topic, 'c'), 2)
  const again = await after.read(topic, { group })
  assert.deepEqual(await again.port.committed([{ topic, partition: 0 }]), [1])
  await assert.rejects(after.log.ensureTopics([{ ...after.settings(), name: topic }]), { code: 'TOPIC_MISMATCH' })
})

test('topics with one record each keep their ends over a restart, whatever stands beside them', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topics = [await h.topic(), await h.topic({ cleanup: 'compact' }), await h.topic(), await h.topic()]
  for (const topic of topics.slice(0, 3)) await h.produce(topic, 'a')
  const { h: after } = await reopen()
  assert.deepEqual(await Promise.all(topics.map(topic => after.end(topic))), [1, 1, 1, 0])
})

test('offsets do not start over after everything was purged and the log reopened', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic()
  await h.produce(topic, 'a', 'b', 'c')
  await h.log.purge({ topic, partition: 0 }, 3)
  const { h: after } = await reopen()
  assert.deepEqual(await after.log.offsets(topic), [{ begin: 3, end: 3 }])
  assert.equal(await after.produce(topic, 'd'), 3)
})

test('a reader that starts behind what memory holds reads the rest from disk, without a gap', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic()
  const values = Array.from({ length: 20_000 }, (_, n) => `${n}`)
  for (let n = 0; n < values.length; n += 500) await h.produce(topic, ...values.slice(n, n + 500))
  assert.deepEqual(await everything(h, topic), values)
})

test('a table keeps one record a key on disk, through commits that share a transaction', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic({ cleanup: 'compact' })
  const long = 'k'.repeat(3_000)
  for (let n = 0; n < 50; n++) await Promise.all([h.produce(topic, 'a', 'b', 'a'), h.produce(topic, 'a', long)])
  const { h: after } = await reopen()
  assert.deepEqual((await everything(after, topic)).sort(), ['a', 'b', long])
  assert.equal(await after.end(topic), 250)
})

test('a tombstone is read for a day after a restart, and one millisecond later it is gone', async t => {
  const { reopen, clock } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic({ cleanup: 'compact' })
  await h.produce(topic, 'a', 'b')
  await h.log.produce([{ topic, partition: 0, key: Buffer.from('b'), value: null }])
  clock.nowMs += DAY_MS - 1
  const { h: within } = await reopen()
  assert.deepEqual(await everything(within, topic), ['a', 'null'])
  clock.nowMs += 1
  const { h: past } = await reopen()
  assert.deepEqual(await everything(past, topic), ['a'])
  assert.equal(await past.end(topic), 3)
  assert.equal(await past.produce(topic, 'b'), 3)
  const { h: last } = await reopen()
  assert.deepEqual(await everything(last, topic), ['a', 'b'])
})

test('a key written again after its tombstone stays', async t => {
  const { reopen, clock } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic({ cleanup: 'compact' })
  await h.log.produce([{ topic, partition: 0, key: Buffer.from('a'), value: null }, ...out(topic, 'a')])
  clock.nowMs += 2 * DAY_MS
  const { h: after } = await reopen()
  assert.deepEqual(await everything(after, topic), ['a'])
})

test('a stream loses what is as old as its retention, while open as well', async t => {
  const { reopen, clock } = await opener(t)
  const { log, h } = await reopen()
  const topic = await h.topic({ retentionMs: DAY_MS })
  await h.produce(topic, 'a')
  clock.nowMs += DAY_MS - 1
  await h.produce(topic, 'b')
  await log.clean()
  assert.deepEqual(await everything(h, topic), ['a', 'b'])
  clock.nowMs += 1
  await log.clean()
  assert.deepEqual(await everything(h, topic), ['b'])
})

test('append times do not go back when the clock does', async t => {
  const { reopen, clock } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic()
  await h.produce(topic, 'a')
  clock.nowMs -= 5_000
  const { h: after } = await reopen()
  await after.produce(topic, 'b')
  const reader = await after.read(topic)
  await reader.reaches(2)
  assert.deepEqual(
    reader.records.map(record => record.timestampMs),
    [START_MS, START_MS],
  )
})

test('a commit under way when its id is opened again is in before the new holder begins, or refused', async t => {
  const { reopen } = await opener(t)
  const { h } = await reopen()
  const topic = await h.topic()
  const id = h.name('id')
  const older = await h.log.transactor(id)
  const racing = older.commit(out(topic, 'old')).then(
    () => 'in' as const,
    () => 'refused' as const,
  )
  await h.log.transactor(id)
  const end = await h.end(topic)
  assert.equal(end, (await racing) === 'in' ? 1 : 0)
})
