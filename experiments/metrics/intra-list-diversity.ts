/**
 * Intra-list diversity: the mean distance of all pairs of a list, 1 − Jaccard of their categories (Ziegler et al., Improving
 * Recommendation Lists Through Topic Diversification, WWW 2005, with the similarity turned round and averaged).
 *
 * @param categoriesOf - sorted or not, none twice; empty where nothing is known
 * @returns 0..1; undefined where no two items of the list have categories
 */
export function intraListDiversity(
  ranked: readonly number[],
  categoriesOf: (item: number) => readonly number[],
): number | undefined {
  let pairs = 0
  let distance = 0
  for (let a = 0; a < ranked.length; a++) {
    const left = categoriesOf(ranked[a] as number)
    if (left.length === 0) continue
    for (let b = a + 1; b < ranked.length; b++) {
      const right = categoriesOf(ranked[b] as number)
      if (right.length === 0) continue
      let both = 0
      for (const category of left) if (right.includes(category)) both++
      distance += 1 - both / (left.length + right.length - both)
      pairs++
    }
  }
  return pairs === 0 ? undefined : distance / pairs
}
