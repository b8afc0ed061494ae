/** Metrics of single lists by worked examples, and against another implementation's values. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { averagePrecision } from '../../experiments/metrics/average-precision.ts'
import { coverage } from '../../experiments/metrics/coverage.ts'
import { hitRate } from '../../experiments/metrics/hit-rate.ts'
import { intraListDiversity } from '../../experiments/metrics/intra-list-diversity.ts'
import { ndcg } from '../../experiments/metrics/ndcg.ts'
import { novelty } from '../../experiments/metrics/novelty.ts'
import { popularityBias } from '../../experiments/metrics/popularity-bias.ts'
import { recall } from '../../experiments/metrics/recall.ts'
import { reciprocalRank } from '../../experiments/metrics/reciprocal-rank.ts'

const near = (actual: number, wanted: number, within = 1e-12) =>
  assert.ok(Math.abs(actual - wanted) <= within, `wanted ${wanted}, got ${actual}`)

// By hand. 1/log2(2) = 1, 1/log2(3) = 0.63093, 1/log2(4) = 0.5, 1/log2(5) = 0.43068.
const LOG3 = 1 / Math.log2(3)
const LOG5 = 1 / Math.log2(5)
const worked = [
  { name: 'the one relevant item stands first', ranked: [7, 1, 2], relevant: [7], k: 3, wants: [1, 1, 1, 1, 1] },
  { name: 'it stands third of three', ranked: [1, 2, 7], relevant: [7], k: 3, wants: [1, 1, 1 / 3, 0.5, 1 / 3] },
  { name: 'it stands one place behind the cut', ranked: [1, 2, 7], relevant: [7], k: 2, wants: [0, 0, 0, 0, 0] },
  { name: 'an empty list', ranked: [], relevant: [7], k: 2, wants: [0, 0, 0, 0, 0] },
  { name: 'a list shorter than k', ranked: [1, 7], relevant: [7], k: 10, wants: [1, 1, 0.5, LOG3, 0.5] },
  {
    name: 'two of four relevant at places 1 and 4',
    ranked: [5, 1, 2, 6],
    relevant: [5, 6, 8, 9],
    k: 4,
    wants: [1, 0.5, 1, (1 + LOG5) / (1 + LOG3 + 0.5 + LOG5), (1 + 2 / 4) / 4],
  },
  {
    name: 'more relevant items than places: a full list has NDCG and AP of 1 and recall below',
    ranked: [5, 6],
    relevant: [5, 6, 8, 9],
    k: 2,
    wants: [1, 0.5, 1, 1, 1],
  },
] as const

for (const { name, ranked, relevant, k, wants } of worked)
  test(`by hand: ${name}`, () => {
    const set = new Set<number>(relevant)
    const got = [hitRate, recall, reciprocalRank, ndcg, averagePrecision].map(metric => metric(ranked, set, k))
    for (const [at, value] of got.entries()) near(value, wants[at] as number)
  })

interface Golden {
  readonly origin: string
  readonly ranking: readonly ({ readonly ranked: readonly number[]; readonly relevant: readonly number[] } & Readonly<
    Record<'5' | '10' | '20', Readonly<Record<'hit_rate' | 'recall' | 'mrr' | 'ndcg' | 'map', number>>>
  >)[]
}
const golden = JSON.parse(readFileSync(new URL('../golden/evaluation-metrics.json', import.meta.url), 'utf8')) as Golden

test('ranx gives the same hit rate, recall, reciprocal rank, NDCG and average precision', () => {
  assert.ok(golden.ranking.length >= 40)
  for (const row of golden.ranking)
    for (const k of [5, 10, 20] as const) {
      const relevant = new Set(row.relevant)
      const theirs = row[k]
      near(hitRate(row.ranked, relevant, k), theirs.hit_rate)
      near(recall(row.ranked, relevant, k), theirs.recall)
      near(reciprocalRank(row.ranked, relevant, k), theirs.mrr)
      near(ndcg(row.ranked, relevant, k), theirs.ndcg)
      // ranx divides by |relevant|, we by min(k, |relevant|).
      near((averagePrecision(row.ranked, relevant, k) * Math.min(k, relevant.size)) / relevant.size, theirs.map)
    }
})

test('coverage counts an item once however often it is recommended', () => near(coverage([1, 2, 2, 1, 5], 12), 3 / 12))

test('popularity bias is the mean share of the most popular item', () => {
  near(popularityBias([0, 1, 3], [8, 4, 0, 2], 8), (1 + 0.5 + 0.25) / 3)
  assert.equal(popularityBias([], [8], 8), 0)
})

test('novelty: an item of half the add-one mass has one bit, one never met the most', () => {
  // Counts 3, 0, 0 and one added to each: 4 of 6, 1 of 6, 1 of 6.
  near(novelty([0], [3, 0, 0], 3, 3), Math.log2(6 / 4))
  near(novelty([0, 2], [3, 0, 0], 3, 3), (Math.log2(6 / 4) + Math.log2(6)) / 2)
})

test('diversity is the mean Jaccard distance of pairs whose categories are known', () => {
  const categories = [[1, 2], [1], [3], []]
  // 0–1: 1 − 1/2; 0–2: 1; 1–2: 1; item 3 is in no pair.
  near(intraListDiversity([0, 1, 2, 3], item => categories[item] ?? []) as number, (0.5 + 1 + 1) / 3)
  assert.equal(
    intraListDiversity([0, 3], item => categories[item] ?? []),
    undefined,
  )
})
