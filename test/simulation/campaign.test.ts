/** What CI runs of the simulation; `npm run simulate` runs any number. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { campaign, type Tally } from './campaign.ts'

const SEEDS = 2_000
/** A machine that is too busy for all of them does what it can: the file must end before the runner ends it. */
const PATIENCE_MS = 240_000
/** Below it nothing was shown. */
const LEAST = 200
/** What a thread may hold at the end beyond what it held when all code was loaded and warm, bytes. */
const HEAP_GROWTH = 40 * 2 ** 20

/** Frames are purged once in many runs: 2,000 of them need not meet each fault of that. */
const RARE: readonly string[] = ['topics:purge crash', 'topics:purge lose-request']

describe('the simulation', () => {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS)
  after(() => clearTimeout(timer))
  let tally: Tally

  it(`breaks no invariant in ${SEEDS} seeds`, async context => {
    tally = await campaign({ firstSeed: 1, seeds: SEEDS, signal: patience.signal })
    context.diagnostic(
      `${tally.runs} seeds, ${tally.commits} commits, ${Math.round(tally.virtualMs / 60_000)} min of virtual time`,
    )
    assert.equal(tally.failures.length, 0, tally.failures.map(one => one.report).join('\n'))
    assert(tally.runs >= LEAST, `${tally.runs} seeds`)
  })

  it('has let every kind of fault in', context => {
    const missing = [...tally.coverage]
      .filter(([kind, count]) => count === 0 && !RARE.includes(kind))
      .map(([kind]) => kind)
    context.diagnostic([...tally.coverage].map(([kind, count]) => `${kind} ${count}`).join(', '))
    if (tally.runs === SEEDS) assert.deepEqual(missing, [])
  })

  it('leaves nothing behind in memory from one run to the next', context => {
    for (const heaps of tally.heaps) {
      const [first = 0, last = 0] = [heaps[2], heaps.at(-1)]
      context.diagnostic(`${Math.round(first / 2 ** 20)} MB, in the end ${Math.round(last / 2 ** 20)} MB`)
      assert(last - first < HEAP_GROWTH, `grew by ${last - first} bytes`)
    }
  })
})
