/** What kill −9 may not do to the embedded log, and what a second process may not. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import type { LogRecord } from '../../../topology/log-port.ts'

const CHILD = new URL('./append-forever.ts', import.meta.url).pathname

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  if (!child.stdout) throw new Error('the child has no stdout')
  yield* createInterface(child.stdout)
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

async function readAll(log: EmbeddedLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const end = (await log.offsets(topic))[0]?.end ?? 0
  if (end === 0) return records
  await new Promise<void>((resolve, reject) => {
    log
      .consume({
        group: null,
        topics: [topic],
        assignment: 'copartition',
        onAssign(assigned, consumer) {
          for (const at of assigned) consumer.resume(at)
        },
        async onBatch(batch) {
          records.push(...batch.records)
          if (batch.nextOffset >= end) resolve()
        },
        onCrash: reject,
      })
      .catch(reject)
  })
  return records
}

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-kill-'))
  try {
    await run(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

for (const size of [1, 7, 400]) {
  test(
    `after kill −9 every acknowledged transaction of ${size} records is there, and none is torn`,
    { timeout: 120_000 },
    () =>
      withDirectory(async directory => {
        const acknowledged: number[] = []
        for (let round = 0; round < 3; round++) {
          const child = start(directory, String(size))
          const killAfter = 1 + Math.floor(Math.random() * 200)
          let seen = 0
          let exit: Promise<void> | undefined
          for await (const line of linesOf(child)) {
            if (line === 'open') continue
            acknowledged.push(Number(line))
            if (++seen === killAfter) exit = kill(child)
          }
          await exit
          const log = await EmbeddedLog.open({ directory })
          const stream = await readAll(log, 'stream')
          const counts = new Map<number, number>()
          for (const { value } of stream) counts.set(Number(value), (counts.get(Number(value)) ?? 0) + 1)
          assert.deepEqual(
            stream.map(record => record.offset),
            stream.map((_, index) => index),
          )
          for (const [transaction, count] of counts) assert.equal(count, size, `transaction ${transaction} is torn`)
          for (const one of acknowledged) assert.ok(counts.has(one), `transaction ${one} was acknowledged and is gone`)
          const table = await readAll(log, 'table')
          assert.ok(table.length <= 3, 'one record a key')
          for (const { value } of table) assert.ok(counts.has(Number(value)), 'the table is not ahead of the stream')
          assert.ok(Math.max(...table.map(({ value }) => Number(value))) >= Math.max(...acknowledged))
          await log.close()
        }
      }),
  )
}

test('a second process on the directory is refused, and let in after kill −9', { timeout: 60_000 }, () =>
  withDirectory(async directory => {
    const child = start(directory, '1', 'hold')
    for await (const line of linesOf(child)) if (line === 'open') break
    await assert.rejects(EmbeddedLog.open({ directory }), { code: 'DIRECTORY_IN_USE' })
    await assert.rejects(EmbeddedLog.open({ directory }), (error: Error) => error.message.includes(String(child.pid)))
    await kill(child)
    await (await EmbeddedLog.open({ directory })).close()
  }),
)

test('a second log of the same process on the directory is refused until the first is closed', () =>
  withDirectory(async directory => {
    const first = await EmbeddedLog.open({ directory })
    await assert.rejects(EmbeddedLog.open({ directory }), { code: 'DIRECTORY_IN_USE' })
    await first.ensureTopics([{ name: 'x', partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: true }])
    await first.close()
    await (await EmbeddedLog.open({ directory })).close()
  }))
