/**
 * Popularity@k of one list: the mean over its items of count / greatest count, as session-rec's and Serenade's `Popularity`
 * have it (Ludewig and Jannach, Evaluation of Session-based Recommendation Algorithms, UMUAI 2018). 1: nothing but the most popular.
 *
 * @param counts - interactions by item when the lists were asked for
 * @param greatest - of `counts`, above 0
 * @returns 0 for an empty list
 */
export function popularityBias(
  ranked: readonly number[],
  counts: { readonly [item: number]: number | undefined },
  greatest: number,
): number {
  if (ranked.length === 0) return 0
  let sum = 0
  for (const item of ranked) sum += (counts[item] ?? 0) / greatest
  return sum / ranked.length
}
