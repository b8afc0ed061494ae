/**
 * Vectors in fixed point, as the scan walks over them. The fine copy has 16 bits a number; scores come from it, off by at most
 * 5e-4. The coarse copy of the rows has 7 bits, that of the queries 8: it tells for certain which rows cannot be near.
 *
 * With X and Y the fine row and query as real numbers, and X̂ and Ŷ what their coarse copies stand for,
 * X·Y − X̂·Ŷ = (X − X̂)·Y + X̂·(Y − Ŷ) ≤ |X − X̂| · |Y| + |X̂| · |Y − Ŷ| (Cauchy and Schwarz).
 */

/** 1 in the fine copy: a dot product of unit vectors stays below 2²⁹ then, so sums of 32 bits never overflow. */
export const ONE = 2 ** 14
/** 0 in a coarse row. */
export const COARSE_ZERO = 64
const GREATEST_ROW = 63
const GREATEST_QUERY = 127
/**
 * Coarse products are added in 8 lanes of 16 bits: number d falls to lane ⌊d / 2⌋ mod 8. So the positive numbers of a query
 * in one lane, and its negative ones, may add up to 258 = ⌊(2¹⁵ − 1) / 127⌋; 4 of them are left for rounding.
 */
const LANES = 8
const GREATEST_SUM = 254
/** For rounding of doubles, and of vectors that are a little longer than 1. */
const SLACK = 1e-3

/** @returns steps of a coarse row in 1. Numbers of 64 are smaller than those of 32, the vectors being of length 1. */
const rowScale = (width: number): number => (width === 32 ? 90 : 126)

/**
 * @param vector - its first numbers are read, as many as `fine` takes
 * @param fine - filled
 */
export function toFine(vector: Float32Array, fine: Int16Array): void {
  for (let d = 0; d < fine.length; d++) fine[d] = Math.round((vector[d] as number) * ONE)
}

/**
 * @param coarse - filled, of the length of `fine`
 * @returns |X − X̂|; greater for a row with numbers that do not fit, which the scan then sorts out less often
 */
export function toCoarseRow(fine: Int16Array, coarse: Uint8Array): number {
  const scale = rowScale(fine.length)
  let missed = 0
  for (let d = 0; d < fine.length; d++) {
    const exact = (fine[d] as number) / ONE
    const rounded = Math.max(-GREATEST_ROW, Math.min(GREATEST_ROW, Math.round(exact * scale)))
    coarse[d] = rounded + COARSE_ZERO
    missed += (exact - rounded / scale) ** 2
  }
  return Math.sqrt(missed)
}

/** What coarse dot products of a query tell about the fine ones. */
export class CoarseQuery {
  /** Coarse dot product of two equal unit vectors, but for rounding. */
  #unit = 1
  /** Coarse dot product of the query and a row of zeros. */
  #zero = 0
  /** |Y|. */
  #length = 0
  /** |Y − Ŷ|. */
  #missed = 0

  /**
   * @param fine - the query, as many numbers as rows have
   * @param coarse - filled, of the length of `fine`
   */
  set(fine: Int16Array, coarse: Int8Array): void {
    const scale = queryScale(fine)
    let zero = 0
    let square = 0
    let missed = 0
    for (let d = 0; d < fine.length; d++) {
      const exact = (fine[d] as number) / ONE
      const rounded = Math.round(exact * scale)
      coarse[d] = rounded
      zero += rounded * COARSE_ZERO
      square += exact ** 2
      missed += (exact - rounded / scale) ** 2
    }
    this.#unit = rowScale(fine.length) * scale
    this.#zero = zero
    this.#length = Math.sqrt(square)
    this.#missed = Math.sqrt(missed)
  }

  /**
   * @param fine - a dot product in the fine copy, in units of 1 / ONE²
   * @param rowError - the greatest |X − X̂| of the rows
   * @returns a row whose fine dot product is above `fine` has a coarse one above this
   */
  threshold(fine: number, rowError: number): number {
    const error = rowError * this.#length + (1 + rowError) * this.#missed + SLACK
    return Math.floor((fine / ONE ** 2 - error) * this.#unit) + this.#zero - 1
  }
}

/** @returns steps of the coarse query in 1, as many as its bits and the kernel's sums allow */
function queryScale(fine: Int16Array): number {
  const above = new Float64Array(LANES)
  const below = new Float64Array(LANES)
  let greatest = 1 / ONE
  for (let d = 0; d < fine.length; d++) {
    const value = (fine[d] as number) / ONE
    const sums = value > 0 ? above : below
    const lane = (d >> 1) % LANES
    sums[lane] = (sums[lane] as number) + Math.abs(value)
    greatest = Math.max(greatest, Math.abs(value))
  }
  return Math.min(GREATEST_QUERY / greatest, GREATEST_SUM / Math.max(greatest, ...above, ...below))
}
