import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
const PATIENCE_MS = 30_000

/** Polls until the work gives something. */
async function until<T>(what: string, work: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (;;) {
    const found = await work().catch(() => undefined)
    if (found !== undefined) return found
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

class Freshet {
  readonly child: ChildProcess
  #out = ''
  #err = ''
  constructor(words: readonly string[], directory: string) {
    const env = { PATH: process.env.PATH, FRESHET_DATA_DIR: directory, FRESHET_HTTP_PORT: '0' }
    this.child = spawn(process.execPath, [launcher, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.#out += chunk
    })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#err += chunk
    })
  }
  get said(): string {
    return `${this.#out}\n${this.#err}`
  }
  url(): Promise<string> {
    return until(`a URL in ${this.said}`, async () => {
      if (this.child.exitCode !== null) throw new Error(this.said)
      return /Freshet is up: (http:\S+)/.exec(this.#out)?.[1]
    })
  }
  /** @returns exit code and how long it took, ms */
  async end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }> {
    const from = performance.now()
    const ended = once(this.child, 'exit')
    this.child.kill(signal)
    const [code] = (await ended) as [number | null]
    return { code, tookMs: performance.now() - from }
  }
  async result(): Promise<{ code: number | null; out: string; err: string }> {
    const [code] = (await once(this.child, 'close')) as [number | null]
    return { code, out: this.#out, err: this.#err }
  }
}

interface Answer {
  readonly items: readonly { itemId: string; source: string; reason: string }[]
}
const ask = async (url: string, path: string): Promise<Answer> => (await (await fetch(url + path)).json()) as Answer

async function like(url: string, userId: string, itemId: string): Promise<void> {
  const event = { eventId: `${userId}-${itemId}`, userId, itemId, type: 'like', occurredAt: Date.now() }
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  })
  assert.equal(response.status, 200, await response.text())
}

describe('freshet start', () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-start-'))
  const running: Freshet[] = []
  const launch = (...words: string[]) => {
    const one = new Freshet(words, directory)
    running.push(one)
    return one
  }
  after(() => {
    for (const { child } of running) child.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  })

  it('an event changes the next answer; a kill −9 loses nothing; a second start goes on; SIGTERM ends it with 0', async () => {
    const first = launch('start', '--no-sample')
    const url = await first.url()
    // Two visitors like a and b, so that a third who likes a is shown b.
    for (const user of ['u1', 'u2']) for (const item of ['a', 'b']) await like(url, user, item)
    await like(url, 'u3', 'a')
    const shows = (at: string) => async () => {
      const { items } = await ask(at, '/v1/users/u3/recommendations?explain=true')
      return items.find(one => one.itemId === 'b' && one.source === 'co-occurrence')
    }
    const shown = await until('b in the list of u3', shows(url))
    assert.match(shown.reason, /viewed together/)

    // The directory belongs to it; others may only look.
    const other = await launch('start', '--no-sample').result()
    assert.equal(other.code, 1)
    assert.match(other.err, /DIRECTORY_IN_USE/)
    const looking = await launch('inspect', 'user', 'u3').result()
    assert.match(looking.out, /^profiles\.v1 hot\/u:u3$/m)
    const audited = await launch('audit').result()
    assert.equal(audited.code, 0, audited.out + audited.err)
    assert.match(audited.out, /^5 interactions counted again: no difference$/m)

    await first.end('SIGKILL')
    const second = launch('start', '--no-sample')
    await until('b in the list of u3 again', shows(await second.url()))
    const { code, tookMs } = await second.end('SIGTERM')
    assert.equal(code, 0, second.said)
    assert.ok(tookMs < 10_000, `took ${tookMs} ms`)
  })

  it('what was sent stands in the log, and the state has a digest', async () => {
    const { code, out, err } = await launch('inspect', 'topic', 'interactions.v1', '--limit', '2').result()
    assert.equal(code, 0, err)
    const records = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { key: string; value: { itemId: string } })
    assert.deepEqual(
      records.map(one => [one.key, one.value.itemId]),
      [
        ['u2', 'b'],
        ['u3', 'a'],
      ],
    )
    const state = await launch('inspect', 'state', '--digest', '--json').result()
    assert.equal(state.code, 0, state.err)
    const stores = state.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { store: string; keys: number; digest: string })
    assert.equal(stores.find(one => one.store === 'profile')?.keys, 3)
    for (const { digest } of stores) assert.match(digest, /^[0-9a-f]{64}$/)
    const user = await launch('inspect', 'user', 'u3').result()
    assert.equal(user.code, 0, user.err)
    assert.match(user.out, /^profiles\.v1 hot\/u:u3$/m)
  })

  it('killed while the films of the sample come in, the next start goes on with it', async () => {
    const files = join(directory, 'replays')
    const first = launch('start', '--reset')
    await until('a position', async () => (existsSync(files) && readdirSync(files).length > 0) || undefined)
    await first.end('SIGKILL')
    const second = launch('start')
    await until(`the films in ${second.said}`, async () => /sample: [\d,]+ films/.test(second.said) || undefined)
    assert.equal((await second.end('SIGINT')).code, 0, second.said)
  })

  it('--reset begins anew, SIGINT ends it with 0', async () => {
    const fresh = launch('start', '--reset', '--no-sample')
    const url = await fresh.url()
    const { items } = await ask(url, '/v1/items/a/similar')
    assert.deepEqual(items, [])
    assert.equal((await fresh.end('SIGINT')).code, 0, fresh.said)
  })
})
