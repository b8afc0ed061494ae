/** `freshet start` on a disk that is full: it says so, loses nothing, and goes on when there is room. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { EmbeddedLog } from '../../connectors/embedded/log.ts'
import { readState } from '../../topology/read-state.ts'
import { liftLimit, spawnUnderLimit } from '../connectors/embedded/under-limit.ts'
import { graph } from '../e2e/shop.ts'

const launcher = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
const KILOBYTES = 3_000
const TINY_KILOBYTES = 100
const PATIENCE_MS = 240_000
const BATCH = 500

it('answers 503 while the disk is full, serves what it has, and goes on when there is room again', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-full-'))
  const env = { PATH: process.env.PATH, FRESHET_DATA_DIR: directory, FRESHET_HTTP_PORT: '0' }
  const child = spawnUnderLimit(KILOBYTES, [launcher, 'start', '--no-sample'], env)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk
    })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  })
  const until = async <T>(what: string, work: () => Promise<T | undefined>): Promise<T> => {
    const giveUpAt = performance.now() + PATIENCE_MS
    for (;;) {
      const found = await work().catch(() => undefined)
      if (found !== undefined) return found
      assert(performance.now() < giveUpAt && child.exitCode === null, `waited in vain for ${what}: ${said}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  const url = await until('a URL', async () => /Freshet is up: (http:\S+)/.exec(said)?.[1])
  const post = async (events: readonly object[]) => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(events) })
    return { status: response.status, body: (await response.json()) as { accepted?: number; code?: string } }
  }
  let sent = 0
  let accepted = 0
  const event = (userId: string) => {
    const itemId = `i${sent % 40}`
    return { eventId: `e${sent++}`, userId, itemId, type: 'purchase', occurredAt: Date.now(), query: 'x'.repeat(150) }
  }
  const refused = await until('a refusal', async () => {
    const { status, body } = await post(Array.from({ length: BATCH }, (_, n) => event(`u${n}`)))
    if (status !== 200) return { status, code: body.code }
    accepted += body.accepted ?? 0
    return undefined
  })
  assert.deepEqual(refused, { status: 503, code: 'LOG_UNAVAILABLE' })
  assert(accepted > 0)
  await until('the reason in the log', async () => /DISK_FULL/.test(said) || undefined)
  assert.equal((await fetch(`${url}/v1/users/u1/recommendations`)).status, 200)

  liftLimit(child)
  await until('an event to be taken', async () => {
    const { status, body } = await post([event('last')])
    if (status !== 200) return undefined
    accepted += body.accepted ?? 0
    return true
  })
  await until('everything to be counted', async () => ((await isCounted(join(directory, 'log'))) ? true : undefined))
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null], said)
  const freshet = (...words: string[]) => promisify(execFile)(process.execPath, [launcher, ...words], { env })
  const { stdout } = await freshet('audit', '--json')
  const whole = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { interactions: number; differences: number }
  assert.equal(whole.differences, 0)
  // A batch that was refused may be in all the same, which its sender cannot know and sends again.
  assert(whole.interactions >= accepted, `${accepted} accepted, ${whole.interactions} there`)
})

it('where there is no room to start, `start` says so and waits for it, and a verb that does one thing ends with 1', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-full-'))
  const env = { PATH: process.env.PATH, FRESHET_DATA_DIR: directory, FRESHET_HTTP_PORT: '0' }
  const users = join(directory, 'users.jsonl')
  writeFileSync(users, '{"id":"ann"}\n')
  const spawned = [
    ['import', users, '--users'],
    ['start', '--no-sample'],
  ].map(words => {
    const child = spawnUnderLimit(TINY_KILOBYTES, [launcher, ...words], env)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk
      })
    return { child, said: () => said, ended: once(child, 'close') }
  })
  t.after(() => {
    for (const { child } of spawned) child.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  })
  const [one, start] = spawned as [(typeof spawned)[0], (typeof spawned)[0]]
  // Both at once: neither gets as far as to hold the directory.
  assert.deepEqual(await one.ended, [1, null], one.said())
  assert.match(one.said(), /DISK_FULL/)
  assert(one.said().includes(directory), one.said())
  await once(start.child.stderr as Readable, 'data')
  while (!/DISK_FULL/.test(start.said())) await once(start.child.stderr as Readable, 'data')
  liftLimit(start.child)
  while (!/Freshet is up/.test(start.said())) await once(start.child.stdout as Readable, 'data')
  start.child.kill('SIGTERM')
  assert.deepEqual(await start.ended, [0, null], start.said())
})

/** Read beside the process that holds the log: the stages have committed all that stands in their inputs. */
async function isCounted(directory: string): Promise<boolean> {
  const log = await EmbeddedLog.open({ directory, isReader: true })
  try {
    for (const stage of graph.stages) {
      const { progress } = await readState(log, stage, topic => topic.name)
      for (const { name } of stage.inputs) {
        const [range] = await log.offsets(name)
        if ((progress[0]?.positions[name] ?? 0) < (range?.end ?? 0)) return false
      }
    }
    return true
  } finally {
    await log.close()
  }
}
