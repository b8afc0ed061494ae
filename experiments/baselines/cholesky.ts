/** Positive definite systems in row-major double arrays, of which the lower triangle counts. */

/**
 * Replaces the lower triangle of `a` by L with a = L Lᵀ.
 * @param a - shape [n, n]; its first n² numbers count
 * @throws where `a` is not positive definite
 */
export function cholesky(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = i * n
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n
      let sum = a[rowI + j] as number
      for (let f = 0; f < j; f++) sum -= (a[rowI + f] as number) * (a[rowJ + f] as number)
      if (i !== j) a[rowI + j] = sum / (a[rowJ + j] as number)
      else if (sum > 0) a[rowI + j] = Math.sqrt(sum)
      else throw new Error(`cholesky: wanted a positive definite matrix, pivot ${i} is ${sum}; is it regularised?`)
    }
  }
}

/**
 * Solves L Lᵀ x = b in place.
 * @param l - of {@link cholesky}
 * @param b - from `start` on n numbers: b before, x after
 */
export function solve(l: Float64Array, n: number, b: Float64Array, start = 0): void {
  for (let i = 0; i < n; i++) {
    let sum = b[start + i] as number
    for (let f = 0; f < i; f++) sum -= (l[i * n + f] as number) * (b[start + f] as number)
    b[start + i] = sum / (l[i * n + i] as number)
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = (b[start + i] as number) / (l[i * n + i] as number)
    b[start + i] = x
    for (let f = 0; f < i; f++) b[start + f] = (b[start + f] as number) - x * (l[i * n + f] as number)
  }
}
