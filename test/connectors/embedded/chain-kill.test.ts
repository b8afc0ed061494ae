/**
 * kill −9 of the whole chain on the embedded log, at random moments: while it opens, restores, counts and commits. What it ends
 * with equals a run that nobody disturbed, and a recount. Ten times, or as often as FRESHET_TEST_KILLS says.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { audit } from '../../../audit/audit.ts'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { MemoryRegistry } from '../../../connectors/embedded/memory-registry.ts'
import { defaultFolds } from '../../../processors/options.ts'
import { topics } from '../../../schemas/topics.ts'
import type { StoreDigest } from '../../../topology/digest.ts'
import type { Stage } from '../../../topology/graph.ts'
import { readToEnd } from '../../../topology/read-to-end.ts'
import { graph, Shop } from '../../e2e/shop.ts'
import { streamOf } from '../../e2e/stream.ts'

const CHILD = new URL('./run-chain.ts', import.meta.url).pathname
const KILLS = Number(process.env.FRESHET_TEST_KILLS ?? 10)
/** So many events between two kills, on average. */
const EVENTS = 150 * (KILLS + 1)
/** A child is killed so long after an acknowledgement, at most: a commit takes a few milliseconds. */
const AFTER_MS = 30
/** Every fourth child dies so long after its start, at most: while it opens and restores. */
const EARLY_MS = 1_500

interface Outcome {
  readonly digests: Record<string, StoreDigest>
  readonly clicks: number
  readonly differences: readonly unknown[]
}

const start = (directory: string, events: string): ChildProcess =>
  spawn(process.execPath, [CHILD, directory, events], { stdio: ['ignore', 'pipe', 'inherit'] })

async function outcomeOf(directory: string): Promise<Outcome> {
  const log = await EmbeddedLog.open({ directory })
  const shop = await Shop.open(log, new MemoryRegistry(), 'freshet', 1)
  const differences: unknown[] = []
  const [user, item] = graph.stages as [Stage, Stage]
  const { wire, nameOf } = shop
  const onDifference = (one: unknown) => void differences.push(one)
  await audit({ log, wire, nameOf, folds: defaultFolds, user, item, onProgress: () => {}, onDifference })
  let clicks = 0
  await readToEnd(log, [topics.sessionClicks.name], () => clicks++)
  const digests = await shop.digests()
  await log.close()
  return { digests, clicks, differences }
}

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-chain-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** @returns the last number it has acknowledged, and whether it has come to its end by itself */
async function runUntil(child: ChildProcess, isTime: (acknowledged: number) => Promise<boolean>) {
  assert(child.stdout)
  let acknowledged = 0
  let isDone = false
  const exit = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    isDone ||= line === 'done'
    if (!isDone) acknowledged = Number(line)
    if (!isDone && !child.killed && (await isTime(acknowledged))) child.kill('SIGKILL')
  }
  const [code, signal] = (await exit) as [number | null, string | null]
  assert.deepEqual([code, signal], isDone ? [0, null] : [null, 'SIGKILL'])
  return { acknowledged, isDone }
}

test(`${KILLS} kills of the chain lose nothing and count nothing twice`, {
  timeout: 600_000 + KILLS * 30_000,
}, async t => {
  const events = join(directoryOf(t), 'events.json')
  writeFileSync(events, JSON.stringify(await streamOf(EVENTS)))
  const undisturbed = directoryOf(t)
  assert((await runUntil(start(undisturbed, events), async () => false)).isDone)
  const wanted = await outcomeOf(undisturbed)
  assert.deepEqual(wanted.differences, [])

  const directory = directoryOf(t)
  let known = 0
  let kills = 0
  for (let kill = 1; kill <= KILLS; kill++) {
    const isEarly = kill % 4 === 0
    const until = Math.max(known, Math.round((EVENTS * (kill - Math.random())) / (2 * KILLS + 2)))
    const { acknowledged, isDone } = await runUntil(start(directory, events), async now => {
      if (!isEarly && now < until) return false
      await wait(Math.random() * (isEarly ? EARLY_MS : AFTER_MS))
      return true
    })
    if (!isDone) kills++ // a fast machine may come to the end before it is struck
    known = Math.max(known, acknowledged)
    const log = await EmbeddedLog.open({ directory })
    const [range] = await log.offsets(topics.interactions.name).catch(() => [])
    await log.close()
    assert((range?.end ?? 0) >= known, `${known} events were acknowledged, ${range?.end} are there`)
  }
  assert(kills >= KILLS / 5, `${kills} kills`)
  assert((await runUntil(start(directory, events), async () => false)).isDone)
  const got = await outcomeOf(directory)
  assert.deepEqual(got, wanted)
  assert(Object.values(got.digests).every(one => one.keys > 0))
})
