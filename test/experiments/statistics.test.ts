/** Intervals and tests against scipy, statsmodels and numpy; what they recorded is in the golden file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bootstrap, quantile } from '../../experiments/statistics/bootstrap.ts'
import { mcnemar } from '../../experiments/statistics/mcnemar.ts'
import { permutationTest } from '../../experiments/statistics/permutation-test.ts'
import { meanOf, sumsByUnit } from '../../experiments/statistics/units.ts'

interface Golden {
  readonly mcnemar: readonly { readonly onlyOurs: number; readonly onlyTheirs: number; readonly p: number }[]
  readonly permutation: readonly { readonly differences: readonly number[]; readonly p: number }[]
  readonly bootstrap: { readonly values: readonly number[]; readonly low: number; readonly high: number }
  readonly quantile: {
    readonly values: readonly number[]
    readonly shares: readonly number[]
    readonly quantiles: readonly number[]
  }
}
const golden = JSON.parse(readFileSync(new URL('../golden/evaluation-metrics.json', import.meta.url), 'utf8')) as Golden
const near = (actual: number, wanted: number, within: number) =>
  assert.ok(Math.abs(actual - wanted) <= within, `wanted ${wanted} within ${within}, got ${actual}`)
const ones = (values: readonly number[]) => ({
  sums: Float64Array.from(values),
  counts: new Float64Array(values.length).fill(1),
})

test("McNemar's exact test is statsmodels', up to ten thousand pairs", () => {
  for (const { onlyOurs, onlyTheirs, p } of golden.mcnemar) {
    near(mcnemar(onlyOurs, onlyTheirs), p, 1e-9)
    near(mcnemar(onlyTheirs, onlyOurs), p, 1e-9)
  }
  assert.equal(mcnemar(0, 0), 1)
})

test('the randomisation test comes to the p of all sign changes, as scipy counts them', () => {
  // 20,000 draws: a standard error of at most .0035.
  for (const { differences, p } of golden.permutation)
    near(permutationTest(Float64Array.from(differences), 1, 20_000), p, 0.0125)
  assert.equal(permutationTest(new Float64Array(5), 1, 100), 1)
})

test('the interval of the bootstrap is that of scipy, and the same again with the same seed', () => {
  const { values, low, high } = golden.bootstrap
  const got = bootstrap(ones(values), 5, 20_000)
  near(got.low, low, 0.01)
  near(got.high, high, 0.01)
  assert.deepEqual(bootstrap(ones(values), 5, 500), bootstrap(ones(values), 5, 500))
  assert.notDeepEqual(bootstrap(ones(values), 5, 500), bootstrap(ones(values), 6, 500))
})

test("quantiles between two values are numpy's", () => {
  const { values, shares, quantiles } = golden.quantile
  for (const [at, share] of shares.entries())
    near(quantile(Float64Array.from(values), share), quantiles[at] as number, 1e-12)
})

test('units: a user with many queries is drawn as one, so the interval is wider than over queries', () => {
  // Two users, ten queries each, all alike within a user.
  const values = Array.from({ length: 20 }, (_, query) => (query < 10 ? 1 : 0))
  const users = values.map((_, query) => (query < 10 ? 7 : 9))
  const byUser = sumsByUnit(values, users)
  assert.deepEqual([...byUser.sums], [10, 0])
  assert.deepEqual([...byUser.counts], [10, 10])
  assert.equal(meanOf(byUser), 0.5)
  const wide = bootstrap(byUser, 1, 2_000)
  const narrow = bootstrap(ones(values), 1, 2_000)
  assert.deepEqual([wide.low, wide.high], [0, 1])
  assert.ok(narrow.low > 0.2 && narrow.high < 0.8)
})

test('units: queries left out count nowhere, and none at all have no mean', () => {
  const some = sumsByUnit([1, 0, 1], [1, 1, 2], query => query !== 2)
  assert.deepEqual([...some.sums], [1])
  assert.ok(Number.isNaN(meanOf(sumsByUnit([], []))))
})
