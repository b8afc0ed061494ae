/** Columns of L that are worked on together, so that their rows stay in the cache. */
const BLOCK = 64

/**
 * Inverts a symmetric positive definite matrix in place: a = L Lᵀ, then L⁻¹, then L⁻ᵀ L⁻¹, each by inner products of rows; n³ / 2
 * multiplications in all.
 * @param a - shape [n, n], row-major, whole
 * @throws where `a` is not positive definite
 */
export function invert(a: Float64Array, n: number): void {
  factor(a, n)
  const inverse = invertLower(a, n)
  multiply(inverse, a, n)
}

/** Leaves L in the lower triangle, block of columns by block of columns. */
function factor(a: Float64Array, n: number): void {
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    for (let i = from; i < n; i++) {
      for (let j = from; j < to && j <= i; j++) {
        const sum = (a[i * n + j] as number) - dot(a, i * n, a, j * n, j)
        if (i !== j) a[i * n + j] = sum / (a[j * n + j] as number)
        else if (sum > 0) a[i * n + j] = Math.sqrt(sum)
        else throw new Error(`invert: wanted a positive definite matrix, pivot ${i} is ${sum}; is it regularised?`)
      }
    }
  }
}

/** @returns (L⁻¹)ᵀ, its row j is column j of the inverse; upper triangle */
function invertLower(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    for (let i = from; i < n; i++) {
      for (let j = from; j < to && j <= i; j++) {
        const sum = i === j ? 1 : -dot(l, i * n + j, inverse, j * n + j, i - j)
        inverse[j * n + i] = sum / (l[i * n + i] as number)
      }
    }
  }
  return inverse
}

/** into = U Uᵀ, where U = (L⁻¹)ᵀ is upper triangular. */
function multiply(upper: Float64Array, into: Float64Array, n: number): void {
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    for (let i = 0; i < to; i++) {
      for (let j = Math.max(from, i); j < to; j++) {
        const sum = dot(upper, i * n + j, upper, j * n + j, n - j)
        into[i * n + j] = sum
        into[j * n + i] = sum
      }
    }
  }
}

/** Four sums side by side, since one would wait for itself. */
function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, length: number): number {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let f = 0
  for (; f + 3 < length; f += 4) {
    s0 += (a[atA + f] as number) * (b[atB + f] as number)
    s1 += (a[atA + f + 1] as number) * (b[atB + f + 1] as number)
    s2 += (a[atA + f + 2] as number) * (b[atB + f + 2] as number)
    s3 += (a[atA + f + 3] as number) * (b[atB + f + 3] as number)
  }
  for (; f < length; f++) s0 += (a[atA + f] as number) * (b[atB + f] as number)
  return s0 + s1 + s2 + s3
}
