/** The figures of a method's answers: each metric at each k with its interval, over all questions and by segment. */
import type { Answers, Asked } from './evaluate.ts'
import { averagePrecision } from './metrics/average-precision.ts'
import { coverage } from './metrics/coverage.ts'
import { hitRate } from './metrics/hit-rate.ts'
import { ndcg } from './metrics/ndcg.ts'
import { recall } from './metrics/recall.ts'
import { reciprocalRank } from './metrics/reciprocal-rank.ts'
import { bootstrap } from './statistics/bootstrap.ts'
import { meanOf, sumsByUnit } from './statistics/units.ts'

/** One method's name of a metric → its value for one question. `next` or `relevant` is what it looks at. */
export const metrics = {
  HR: (list: readonly number[], asked: Asked, k: number) => hitRate(list, new Set(asked.next), k),
  MRR: (list: readonly number[], asked: Asked, k: number) => reciprocalRank(list, new Set(asked.next), k),
  Recall: (list: readonly number[], asked: Asked, k: number) => recall(list, new Set(asked.relevant), k),
  NDCG: (list: readonly number[], asked: Asked, k: number) => ndcg(list, new Set(asked.relevant), k),
  MAP: (list: readonly number[], asked: Asked, k: number) => averagePrecision(list, new Set(asked.relevant), k),
} as const
export type MetricName = keyof typeof metrics
export const metricNames = Object.keys(metrics) as readonly MetricName[]

export interface Figure {
  readonly mean: number
  /** Of the 95 % interval. */
  readonly low: number
  readonly high: number
  /** Questions. */
  readonly count: number
}

/** @returns one value a question */
export const valuesOf = ({ lists, asked }: Answers, metric: MetricName, k: number): Float64Array =>
  Float64Array.from(lists, (list, at) => metrics[metric](list, asked[at] as Asked, k))

export function figureOf(
  values: Float64Array,
  asked: readonly Asked[],
  seed: number,
  isIn: (one: Asked) => boolean = () => true,
): Figure {
  const isCounted = (at: number) => !Number.isNaN(values[at]) && isIn(asked[at] as Asked)
  const units = sumsByUnit(
    values,
    asked.map(one => one.unit),
    isCounted,
  )
  let count = 0
  for (let at = 0; at < values.length; at++) if (isCounted(at)) count++
  return { mean: meanOf(units), ...bootstrap(units, seed), count }
}

/** What lies beside accuracy, of the lists as asked for. */
export interface Beside {
  readonly coverage: number
  readonly popularity: number
  readonly novelty: number
  /** NaN without a catalogue of categories. */
  readonly diversity: number
  /** Share of the questions that were answered with fewer than `k` items. */
  readonly short: number
}

/** @param items - of the catalogue */
export function besideOf(answers: Answers, k: number, items: number): Beside {
  const { lists } = answers
  return {
    coverage: coverage(lists.flat(), items),
    popularity: plainMean(answers.popularity),
    novelty: plainMean(answers.novelty),
    diversity: plainMean(answers.diversity),
    short: lists.filter(list => list.length < k).length / lists.length,
  }
}

function plainMean(values: Float64Array): number {
  const known = values.filter(value => !Number.isNaN(value))
  return known.reduce((a, b) => a + b, 0) / known.length
}
