/** Numbers that look random and are the same for the same seed. */

/**
 * mulberry32 (T. Ettinger, public domain): a period of 2^32, enough for resampling.
 * @param seed - its lowest 32 bits count
 * @returns a function that gives numbers from 0 to below 1
 */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
