/**
 * Novelty of one list: mean self-information of its items in bits, −log2 p, p = (count + 1) / (total + items): the share of an
 * item in all interactions, one added to every item so that one never met has a figure too (Zhou et al., Solving the apparent
 * diversity-accuracy dilemma, PNAS 2010; Vargas and Castells, RecSys 2011, with p estimated by add-one).
 *
 * @param counts - interactions by item when the lists were asked for
 * @param total - of `counts`
 * @param items - in the catalogue, ≥ 1
 * @returns 0 for an empty list
 */
export function novelty(
  ranked: readonly number[],
  counts: { readonly [item: number]: number | undefined },
  total: number,
  items: number,
): number {
  if (ranked.length === 0) return 0
  let bits = 0
  for (const item of ranked) bits -= Math.log2(((counts[item] ?? 0) + 1) / (total + items))
  return bits / ranked.length
}
