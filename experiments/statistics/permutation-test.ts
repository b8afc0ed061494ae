import { randomOf } from './random.ts'

/**
 * Paired randomisation test of a mean difference: under the null hypothesis the two methods could change places within each
 * unit, so each unit's difference keeps or turns its sign (Smucker, Allan, Carterette, A Comparison of Statistical Significance
 * Tests for Information Retrieval Evaluation, CIKM 2007). Two-sided.
 *
 * @param differences - sum of (ours − theirs) by unit
 * @param draws - ≥ 1; default 10,000
 * @returns p = (1 + draws at least as far from 0) / (1 + draws), so never 0 (Phipson and Smyth 2010)
 */
export function permutationTest(differences: Float64Array, seed: number, draws = 10_000): number {
  const apart = differences.filter(difference => difference !== 0)
  const observed = Math.abs(apart.reduce((a, b) => a + b, 0))
  const random = randomOf(seed)
  // A sum of the same terms in another order may differ in its last bits and is still as far.
  const least = observed - 1e-9 * Math.max(1, observed)
  let asFar = 0
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    for (let i = 0; i < apart.length; ) {
      let bits = Math.floor(random() * 2 ** 32)
      for (let bit = 0; bit < 32 && i < apart.length; bit++, i++, bits >>>= 1)
        sum += bits & 1 ? (apart[i] as number) : -(apart[i] as number)
    }
    if (Math.abs(sum) >= least) asFar++
  }
  return (1 + asFar) / (1 + draws)
}
