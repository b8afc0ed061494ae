/** What the metrics of one list have in common: the places, from 1, of the first `k` items that are relevant. */

/**
 * @param ranked - best first, none twice
 * @param k - how many of them count, ≥ 1
 * @returns ascending, each 1..k
 */
export function relevantPlaces(ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number[] {
  const places: number[] = []
  const end = Math.min(k, ranked.length)
  for (let at = 0; at < end; at++) if (relevant.has(ranked[at] as number)) places.push(at + 1)
  return places
}
