/** A log that is only read, while another process holds the directory and writes. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { readToEnd } from '../../../topology/read-to-end.ts'

const CHILD = new URL('./append-forever.ts', import.meta.url).pathname
const PER_TRANSACTION = 7

/** Numbers of acknowledged transactions as they come. */
type Acknowledged = AsyncIterator<string>

function writing(t: TestContext): { directory: string; acknowledged: Acknowledged } {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-reader-'))
  const child: ChildProcess = spawn(process.execPath, [CHILD, directory, String(PER_TRANSACTION)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  })
  assert(child.stdout)
  return { directory, acknowledged: createInterface(child.stdout)[Symbol.asyncIterator]() }
}

async function pass(acknowledged: Acknowledged, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await acknowledged.next()
}

async function content(log: EmbeddedLog): Promise<{ stream: string[]; table: Map<string, string> }> {
  const stream: string[] = []
  const table = new Map<string, string>()
  await readToEnd(log, ['stream', 'table'], ({ topic, key, value }) => {
    if (topic === 'stream') stream.push(String(value))
    else table.set(String(key), String(value))
  })
  return { stream, table }
}

test('it reads one moment, whole, however much is written meanwhile', { timeout: 60_000 }, async t => {
  const { directory, acknowledged } = writing(t)
  await pass(acknowledged, 50)
  const log = await EmbeddedLog.open({ directory, isReader: true })
  const ranges = [await log.offsets('stream'), await log.offsets('table')]
  const before = await content(log)
  // Every key of the table is written again many times over: what it held at first is no longer the newest.
  await pass(acknowledged, 300)
  assert.deepEqual(await content(log), before)
  assert.deepEqual([await log.offsets('stream'), await log.offsets('table')], ranges)
  assert.equal(before.stream.length % PER_TRANSACTION, 0)
  const transactions = new Set(before.stream)
  for (const [key, value] of before.table) assert(transactions.has(value), `${key} is ahead of the stream`)
  await log.close()

  const later = await EmbeddedLog.open({ directory, isReader: true })
  assert((await content(later)).stream.length > before.stream.length)
  await later.close()
  await assert.rejects(EmbeddedLog.open({ directory }), { code: 'DIRECTORY_IN_USE' })
})

test('it writes nothing', { timeout: 60_000 }, async t => {
  const { directory, acknowledged } = writing(t)
  await pass(acknowledged, 5)
  const log = await EmbeddedLog.open({ directory, isReader: true })
  const record = { topic: 'stream', partition: 0, key: null, value: Buffer.from('x') }
  await assert.rejects(log.produce([record]), /only read/)
  await assert.rejects((await log.transactor('a')).commit([record]))
  await log.close()
  await pass(acknowledged, 5)
})

test('a directory without a log is refused, and stays without one', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-reader-'))
  t.after(() => rmSync(directory, { recursive: true }))
  await assert.rejects(EmbeddedLog.open({ directory: join(directory, 'none'), isReader: true }))
  await assert.rejects(EmbeddedLog.open({ directory, isReader: true }))
  await (await EmbeddedLog.open({ directory })).close()
})
