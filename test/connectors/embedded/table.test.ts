/** Tables of the embedded log read from behind what memory holds, and directories of another layout. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { open } from 'lmdb'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import type { OutRecord } from '../../../topology/log-port.ts'
import { Harness, type Reader } from '../../conformance/log-port-harness.ts'

const KEYS = 3_000

async function directoryOf(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-table-'))
  t.after(() => rm(directory, { recursive: true }))
  return directory
}

async function opened(t: TestContext): Promise<Harness> {
  const log = await EmbeddedLog.open({ directory: await directoryOf(t) })
  t.after(() => log.close())
  return new Harness({ log, capabilities: {}, cleanup: async () => {} })
}

const round = (topic: string, number: number, keys = KEYS): OutRecord[] =>
  Array.from({ length: keys }, (_, n) => ({
    topic,
    partition: 0,
    key: Buffer.from(`key ${n % keys}`),
    value: n % 7 === 0 && number % 2 === 1 ? null : Buffer.from(`${number}`),
  }))

/** @returns key → its last value, and checks that offsets only rise */
function folded(reader: Reader): Map<string, string | undefined> {
  const table = new Map<string, string | undefined>()
  let last = -1
  for (const { offset, key, value } of reader.records) {
    assert.ok(offset > last, `offset ${offset} came after ${last}`)
    last = offset
    table.set(key?.toString() ?? '', value?.toString())
  }
  return table
}

const wanted = (records: readonly OutRecord[]): Map<string, string | undefined> =>
  new Map(records.map(({ key, value }) => [key?.toString() ?? '', value?.toString()]))

test('a table read from its beginning while every key is written again ends with the last value of each', async t => {
  const h = await opened(t)
  const topic = await h.topic({ cleanup: 'compact' })
  for (let number = 0; number < 5; number++) await h.log.produce(round(topic, number))
  let rounds = 5
  const again = async () => {
    if (rounds < 12) await h.log.produce(round(topic, rounds++))
  }
  // Each batch is followed by more than was read, so the readers stay behind the tail for a while.
  const readers = [await h.read(topic, { onBatch: again }), await h.read(topic, { onBatch: again, from: KEYS + 17 })]
  for (const reader of readers) {
    await reader.reaches(12 * KEYS)
    assert.deepEqual(folded(reader), wanted(round(topic, 11)))
  }
})

test('a table that nobody read for long is read whole, from any offset', async t => {
  const h = await opened(t)
  const topic = await h.topic({ cleanup: 'compact' })
  const first = await h.read(topic)
  await h.log.produce(round(topic, 0))
  await first.reaches(KEYS)
  await first.port.stop()
  for (let number = 1; number < 5; number++) await h.log.produce(round(topic, number))
  await h.log.produce(round(topic, 5, 10))
  const end = await h.end(topic)
  for (const from of [0, 4 * KEYS + 100, 5 * KEYS, end - 1]) {
    const reader = await h.read(topic, { from })
    await reader.reaches(end)
    const inOrder = [...round(topic, 4).slice(10), ...round(topic, 5, 10)]
    const offsets = inOrder.map((_, n) => 4 * KEYS + 10 + n)
    assert.deepEqual(
      reader.records.map(record => record.offset),
      offsets.filter(offset => offset >= from),
    )
    const all = wanted(inOrder)
    for (const [key, value] of folded(reader)) assert.equal(value, all.get(key), key)
  }
})

test('a directory of another layout is refused by name, and again the next time', async t => {
  const directory = await directoryOf(t)
  const root = open({ path: join(directory, 'log.mdb'), maxDbs: 8 })
  await root.openDB({ name: 'meta', encoding: 'json' }).put(['topic', 'old'], { id: 1 })
  await root.close()
  for (let time = 0; time < 2; time++)
    await assert.rejects(EmbeddedLog.open({ directory }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'STATE_MISMATCH')
      assert.match(error.message, /layout 2, got 1/)
      assert.ok(error.message.includes(directory))
      return true
    })
})
