/**
 * The scan: dot products of one or two queries with many rows in fixed point, of which those above a threshold are written
 * down. The coarse kernel finds the rows that may be, the fine one makes their dot products and keeps those that are. Apart
 * from each other they run at full speed: the first reads memory in order, and the second has no branch to guess wrong.
 * `scan-rows.ts` is the same in plain TypeScript, for machines without SIMD and to test against: being integers, the two
 * agree to the last bit.
 */
import { coarseKernel, type CoarseRun } from './coarse-kernel.ts'
import { fineKernel, type FineRun } from './fine-kernel.ts'
import { HITS_AT, type VectorSlab, type Width } from './vector-slab.ts'

/**
 * Writes hits from HITS_AT on, in order of their rows, four rows at a time, the first query before the second. A hit is two
 * i32: twice the number of its row, plus 1 for the second query, and its dot product in units of 1 / ONE².
 * @param from - first row, a multiple of four
 * @param to - past the last row, in the same block; (to − from) is a multiple of four, above 0
 * @param first - a hit of the first query is above it, not at it
 * @param second - the same for the second query
 * @returns past the last hit, in bytes
 */
export type Scan = (from: number, to: number, first: number, second: number) => number

/** Both ways to ask: with one query, which is faster, and with two in one walk, which is faster than twice one. */
export interface Scans {
  readonly one: Scan
  readonly two: Scan
}

export const HIT_BYTES = 8

/** Whether this machine runs the kernels; where not, `scan-rows.ts` does the same. */
export const hasScanKernel = WebAssembly.validate(coarseKernel(1, 32))

const modules = new Map<string, WebAssembly.Module>()

/** @returns the kernels over the slab's memory; they stay valid when it grows */
export function scanKernel(slab: VectorSlab): Scans {
  return { one: scanOf(slab, 1), two: scanOf(slab, 2) }
}

function scanOf(slab: VectorSlab, queries: 1 | 2): Scan {
  let width: Width | undefined
  let coarse: CoarseRun
  let fine: FineRun
  return (from, to, first, second) => {
    if (width !== slab.width) {
      width = slab.width
      coarse = instanceOf(`coarse ${queries} × ${width}`, slab, coarseKernel(queries, width)) as CoarseRun
      fine = instanceOf(`fine ${width}`, slab, fineKernel(width)) as FineRun
    }
    const row = slab.coarseAt(from)
    const firstCoarse = slab.coarseThreshold(0, first, from)
    const secondCoarse = queries === 2 ? slab.coarseThreshold(1, second, from) : 0
    const end = coarse(row, row + (to - from) * width, from * 2, firstCoarse, secondCoarse, HITS_AT)
    // Fine rows stand twice as far apart as their hits count.
    return end === HITS_AT ? end : fine(HITS_AT, end, slab.fineAt(from) - from * 2 * width, first, second)
  }
}

/** Its type is what the module was assembled with. */
function instanceOf(name: string, slab: VectorSlab, bytes: Uint8Array<ArrayBuffer>): unknown {
  const module = modules.get(name) ?? new WebAssembly.Module(bytes)
  modules.set(name, module)
  return new WebAssembly.Instance(module, { env: { memory: slab.memory } }).exports.run
}
