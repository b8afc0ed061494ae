/**
 * The scan: dot products of one or two queries with many rows of 64 in fixed point, of which those above a threshold are
 * written down. Four rows go at once, eight steps of eight lanes each; their four sums are made by transposing, compared in
 * one instruction, and looked at one by one only if one of them is above. Written with WebAssembly SIMD; `scan-rows.ts` is the
 * same in plain TypeScript, for machines without and to test against: being integers, the two agree to the last bit.
 */
import { assemble, type Code, op, types } from './wasm-assembler.ts'
import { DIM, QUERIES_AT, ROW_BYTES, ROWS_AT_ONCE, type VectorSlab } from './vector-slab.ts'

/**
 * All positions are bytes of the slab's memory. A hit is two i32: the position of its row, plus 1 for the second query,
 * and its dot product in units of 1 / ONE².
 * @param from - of the first row
 * @param to - past the last row; (to − from) is a multiple of four rows, above 0
 * @param first - a hit of the first query is above it, not at it
 * @param second - the same for the second query
 * @param out - where hits are written, in order of their rows, four rows at a time, the first query before the second
 * @returns past the last hit
 */
export type Scan = (from: number, to: number, first: number, second: number, out: number) => number

/** Both ways to ask: with one query, which is faster, and with two in one walk, which is faster than twice one. */
export interface Scans {
  readonly one: Scan
  readonly two: Scan
}

export const HIT_BYTES = 8
const STEP_BYTES = 16
const STEPS = (DIM * 2) / STEP_BYTES
const [ROW, END, THRESHOLD, OUT] = [0, 1, 2, 4] // the threshold of query q is THRESHOLD + q
const PART = 5 // of the row
const partOf = (query: number): number => 6 + query
const sumOf = (query: number, row: number): number => 8 + query * ROWS_AT_ONCE + row

function moduleBytes(queries: number): Uint8Array<ArrayBuffer> {
  const { i32, v128 } = types
  const locals = Array.from({ length: 3 + queries * ROWS_AT_ONCE }, () => v128)
  const each = (make: (query: number) => Code): Code[] => Array.from({ length: queries }, (_, query) => make(query))
  return assemble([i32, i32, i32, i32, i32], i32, locals, [
    op.loop(
      ...Array.from({ length: STEPS }, (_, step) => multiplyStep(step, queries)),
      ...each(addAcross),
      ...each(writeHits),
      op.get(ROW),
      op.i32(ROWS_AT_ONCE * ROW_BYTES),
      op.addI32,
      op.tee(ROW),
      op.get(END),
      op.lessU32,
      op.branchIf(0),
    ),
    op.get(OUT),
  ])
}

/** sum[q][r] += query[q][step] · row[r][step]: eight products in four lanes. */
function multiplyStep(step: number, queries: number): Code {
  const code: Code[] = []
  for (let query = 0; query < queries; query++) {
    code.push(op.i32(0), op.load128(QUERIES_AT + query * ROW_BYTES + step * STEP_BYTES), op.set(partOf(query)))
  }
  for (let row = 0; row < ROWS_AT_ONCE; row++) {
    code.push(op.get(ROW), op.load128(row * ROW_BYTES + step * STEP_BYTES), op.set(PART))
    for (let query = 0; query < queries; query++) {
      code.push(op.get(partOf(query)), op.get(PART), op.dotI16x8)
      if (step > 0) code.push(op.get(sumOf(query, row)), op.addI32x4)
      code.push(op.set(sumOf(query, row)))
    }
  }
  return code.flat()
}

/** Four vectors of four partial sums become one vector of four sums, row r in lane r, in place of the first. */
function addAcross(query: number): Code {
  const addInto = (a: number, b: number, low: readonly number[], high: readonly number[]): Code => {
    const both = op.all(op.get(sumOf(query, a)), op.get(sumOf(query, b)))
    return op.all(both, op.shuffle32(...low), both, op.shuffle32(...high), op.addI32x4, op.set(sumOf(query, a)))
  }
  return op.all(
    addInto(0, 1, [0, 4, 1, 5], [2, 6, 3, 7]),
    addInto(2, 3, [0, 4, 1, 5], [2, 6, 3, 7]),
    addInto(0, 2, [0, 1, 4, 5], [2, 3, 6, 7]),
  )
}

function writeHits(query: number): Code {
  const sums = op.get(sumOf(query, 0))
  const threshold = op.get(THRESHOLD + query)
  const writeHit = (row: number): Code => {
    const sum = op.all(sums, op.laneI32(row))
    const position = op.all(op.get(ROW), op.i32(row * ROW_BYTES + query), op.addI32)
    return op.all(
      op.all(sum, threshold, op.greaterI32),
      op.if(
        op.all(op.get(OUT), position, op.storeI32(0)),
        op.all(op.get(OUT), sum, op.storeI32(4)),
        op.all(op.get(OUT), op.i32(HIT_BYTES), op.addI32, op.set(OUT)),
      ),
    )
  }
  return op.all(
    op.all(sums, threshold, op.splatI32, op.greaterI32x4, op.anyTrue),
    op.if(...Array.from({ length: ROWS_AT_ONCE }, (_, row) => writeHit(row))),
  )
}

let modules: readonly WebAssembly.Module[] | undefined

/** Whether this machine runs the kernels; where not, `scan-rows.ts` does the same. */
export const hasScanKernel = WebAssembly.validate(moduleBytes(1))

/** @returns the kernels over the slab's memory; they stay valid when the memory grows */
export function scanKernel(slab: VectorSlab): Scans {
  modules ??= [1, 2].map(queries => new WebAssembly.Module(moduleBytes(queries)))
  const [one, two] = modules.map(module => {
    const instance = new WebAssembly.Instance(module, { env: { memory: slab.memory } })
    return instance.exports.run as Scan // its type is what `assemble` was given above
  })
  return { one: one as Scan, two: two as Scan }
}
