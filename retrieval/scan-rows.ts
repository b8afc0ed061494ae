/** The scan of `scan-kernel.ts` in plain TypeScript: the same hits, some ten times slower. */
import type { Scan, Scans } from './scan-kernel.ts'
import { DIM, QUERIES_AT, ROW_BYTES, ROWS_AT_ONCE, type VectorSlab } from './vector-slab.ts'

export function scanRows(slab: VectorSlab): Scans {
  return { one: scanOf(slab, 1), two: scanOf(slab, 2) }
}

const scanOf =
  (slab: VectorSlab, queries: number): Scan =>
  (from, to, first, second, out) => {
    const shorts = new Int16Array(slab.memory.buffer)
    const ints = new Int32Array(slab.memory.buffer)
    let end = out / 4
    for (let four = from; four < to; four += ROWS_AT_ONCE * ROW_BYTES) {
      for (let query = 0; query < queries; query++) {
        for (let row = four; row < four + ROWS_AT_ONCE * ROW_BYTES; row += ROW_BYTES) {
          const dot = dotAt(shorts, row / 2, (QUERIES_AT + query * ROW_BYTES) / 2)
          if (dot <= (query === 0 ? first : second)) continue
          ints[end++] = row + query
          ints[end++] = dot
        }
      }
    }
    return end * 4
  }

function dotAt(shorts: Int16Array, a: number, b: number): number {
  let dot = 0
  for (let d = 0; d < DIM; d++) dot += (shorts[a + d] as number) * (shorts[b + d] as number)
  return dot
}
