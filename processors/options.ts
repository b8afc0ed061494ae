/** Options of the folds: changing any of them changes the numbers, so they enter the hash that guards the state. */
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export interface FoldOptions {
  /** Interaction type → weight; multiples of 0.5. An unknown type is rejected by name. */
  readonly weights: Readonly<Record<string, number>>
  readonly sessionGapMs: number
  /** How far `occurredAt` may lie after the append time, included. */
  readonly maxFutureMs: number
  readonly dedupeWindowMs: number
  readonly repeatBucketMs: number
  readonly botWindowMs: number
  readonly botMaxEvents: number
  readonly botMaxItems: number
  readonly maxDwellMs: number
  /** Distinct items of a visitor that make pairs with each other. */
  readonly pairWindowItems: number
  readonly pairWindowMs: number
  readonly pairHalfLifeMs: number
  readonly popularHalfLifeMs: number
  readonly trendingHalfLifeMs: number
  readonly basketMaxItems: number
  readonly maxNeighbours: number
}

export const defaultFolds: FoldOptions = {
  weights: { purchase: 3, like: 2, add_to_cart: 2, click: 1, view: 1, impression: 0, skip: -0.5, dislike: -1 },
  sessionGapMs: 30 * MINUTE_MS,
  maxFutureMs: 5 * MINUTE_MS,
  dedupeWindowMs: DAY_MS,
  repeatBucketMs: 5 * MINUTE_MS,
  botWindowMs: 10 * MINUTE_MS,
  botMaxEvents: 300,
  botMaxItems: 200,
  maxDwellMs: 30 * MINUTE_MS,
  pairWindowItems: 10,
  pairWindowMs: 30 * DAY_MS,
  pairHalfLifeMs: 60 * DAY_MS,
  popularHalfLifeMs: 7 * DAY_MS,
  trendingHalfLifeMs: DAY_MS,
  basketMaxItems: 30,
  maxNeighbours: 512,
}
