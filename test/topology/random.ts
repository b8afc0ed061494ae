/** xorshift32: small, seeded, good enough to pick faults. @returns numbers from 0 to below 1 */
export function randomOf(seed: number): () => number {
  let x = (seed * 2_654_435_761) >>> 0 || 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}
