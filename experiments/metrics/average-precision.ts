import { relevantPlaces } from './ranks.ts'

/**
 * AP@k = Σ over the relevant places p ≤ k of (relevant up to p) / p, divided by min(k, |relevant|), so that a perfect list has
 * 1; its mean is MAP@k. RecBole divides so; TREC's tools and ranx divide by |relevant|, which is the same while |relevant| ≤ k.
 *
 * @param relevant - not empty
 */
export function averagePrecision(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number {
  let sum = 0
  relevantPlaces(ranked, relevant, k).forEach((place, before) => {
    sum += (before + 1) / place
  })
  return sum / Math.min(k, relevant.size)
}
