/** A share of what `npm run simulate` runs: seeds that must hold, and planted faults that must not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign } from './campaign.ts'
import { planted } from './planted/all.ts'

const SEEDS = 300

test(`${SEEDS} seeds of faults, and what must hold holds after each`, async () => {
  const { failures, runs } = await campaign({ firstSeed: 1, seeds: SEEDS })
  assert.equal(failures.map(one => one.report).join('\n'), '')
  assert.equal(runs, SEEDS)
})

for (const [name, { within }] of Object.entries(planted))
  test(`planted: ${name} is caught within ${within} seeds`, async t => {
    const { failures } = await campaign({ firstSeed: 1, seeds: within, planted: name, isSearch: true })
    const [first] = failures
    assert.ok(first, `nothing was wrong in ${within} seeds`)
    t.diagnostic(`seed ${first.seed}`)
  })
