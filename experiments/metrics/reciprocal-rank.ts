import { relevantPlaces } from './ranks.ts'

/** RR@k = 1 / place of the first relevant item, 0 where none is among the first `k`; its mean is MRR@k (Voorhees, TREC-8, 1999). */
export function reciprocalRank(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number {
  const [first] = relevantPlaces(ranked, relevant, k)
  return first === undefined ? 0 : 1 / first
}
