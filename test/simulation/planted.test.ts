/** The campaign can fail: each planted fault is caught, by an invariant that it was planted against. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { campaign } from './campaign.ts'
import { planted } from './planted/all.ts'

describe('a planted fault', { concurrency: 2 }, () => {
  const rows: string[] = []
  after(() => {
    process.stdout.write(`${rows.sort().join('\n')}\n`)
  })
  for (const [name, { what, within, seed, breaks }] of Object.entries(planted))
    it(`is caught: ${name}`, async () => {
      const search = (firstSeed: number, seeds: number) =>
        campaign({ firstSeed, seeds, planted: name, isSearch: true, workers: 1 })
      let { failures } = await search(seed, 1)
      if (failures.length === 0) failures = (await search(1, within)).failures
      const [caught] = failures
      assert(caught, `not caught in ${within} seeds: ${what}`)
      assert(breaks.includes(caught.invariant), `${caught.invariant} was not to break: ${caught.report}`)
      assert(caught.seed <= within, `only by seed ${caught.seed}`)
      rows.push(
        `${name.padEnd(24)} by seed ${String(caught.seed).padStart(3)} of ${within}, ${caught.invariant}: ${what}`,
      )
    })
})
