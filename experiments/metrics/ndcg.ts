import { relevantPlaces } from './ranks.ts'

/**
 * NDCG@k with gains of 0 and 1: Σ 1 / log2(1 + place) over the relevant places, divided by the same sum of the best list there
 * could be, whose first min(k, |relevant|) places are relevant (Järvelin and Kekäläinen, TOIS 2002).
 *
 * @param relevant - not empty
 */
export function ndcg(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number {
  let gained = 0
  for (const place of relevantPlaces(ranked, relevant, k)) gained += 1 / Math.log2(1 + place)
  let best = 0
  for (let place = 1; place <= Math.min(k, relevant.size); place++) best += 1 / Math.log2(1 + place)
  return gained / best
}
