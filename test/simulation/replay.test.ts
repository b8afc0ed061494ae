/** A seed is all there is to a run, and the command line tells a failing one so that it can be seen again. */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { campaign } from './campaign.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

describe('a seed', () => {
  it('gives the same run in any thread, whatever ran there before', async () => {
    const together = await campaign({ firstSeed: 41, seeds: 20, workers: 1 })
    const apart = await Promise.all([60, 50, 41].map(firstSeed => campaign({ firstSeed, seeds: 1, workers: 1 })))
    for (const { traces } of apart)
      for (const [seed, trace] of traces) assert.equal(trace, together.traces.get(seed), `seed ${seed}`)
    assert.equal(new Set(together.traces.values()).size, 20, 'another seed gives another run')
  })
})

type Simulate = ChildProcessByStdio<null, Readable, Readable>
const simulate = (...args: string[]): Simulate =>
  spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })

async function ended(child: Simulate): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const code = new Promise<number | null>(resolve => child.once('exit', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

describe('npm run simulate', () => {
  it('tells of a failing seed: what broke, the smallest trace, and the command that runs it again; ends with 1', async () => {
    const { code, stdout, stderr } = await ended(simulate('--planted', 'outbox-kept', '--seeds', '1'))
    assert.equal(code, 1)
    assert.match(stderr, /^seed 1: I[12]: /m)
    assert.match(stderr, /again: npm run simulate -- --first-seed 1 --seeds 1 --planted outbox-kept$/m)
    assert.match(stdout, /^1 failed: 1$/m)
  })

  it('ends at Ctrl-C with what there is so far', async () => {
    const child = simulate('--seeds', '1000000', '--workers', '1')
    const output = ended(child)
    child.stderr.once('data', () => child.kill('SIGINT'))
    const { code, stdout } = await output
    assert.equal(code, 130)
    assert.match(stdout, /^\d+ seeds in /m)
    assert.match(stdout, /^0 failed$/m)
  })

  for (const { name, args, code, says } of [
    { name: 'help', args: ['--help'], code: 0, says: /--first-seed N/ },
    {
      name: 'a number that is none',
      args: ['--seeds', 'many'],
      code: 2,
      says: /--seeds: wanted a whole number above 0, got many/,
    },
    {
      name: 'an unknown planted fault',
      args: ['--planted', 'x'],
      code: 2,
      says: /--planted: wanted one of no-fencing,/,
    },
    { name: 'an unknown option', args: ['--fast'], code: 2, says: /--fast/ },
  ])
    it(`answers to ${name}`, async () => {
      const { code: got, stdout, stderr } = await ended(simulate(...args))
      assert.match(stdout + stderr, says)
      assert.equal(got, code)
    })
})
