/**
 * The kernel of the scan that looks at every row, in WebAssembly SIMD. Four coarse rows go at once, in steps of sixteen
 * numbers; their four sums are made by transposing, compared in one instruction, and looked at one by one only if one of them
 * is above.
 */
import { assemble, type Code, op, types } from './wasm-assembler.ts'
import { COARSE_QUERIES_AT, DIM, ROWS_AT_ONCE, type Width } from './vector-slab.ts'

/**
 * Writes the number of every hit as the first of two i32.
 * @param row - position of the first coarse row, bytes
 * @param end - past the last one; (end − row) is a multiple of four rows, above 0
 * @param number - of a hit in the first row: twice the row's, plus 1 for the second query
 * @param first - a hit's coarse dot product is above it
 * @param second - the same for the second query
 * @param out - where the first hit goes
 * @returns past the last hit
 */
export type CoarseRun = (row: number, end: number, number: number, first: number, second: number, out: number) => number

const STEP_BYTES = 16
const HIT_BYTES = 8

// Locals; the parameters are the first of them. The threshold of query q is THRESHOLD + q.
const [ROW, END, NUMBER, THRESHOLD, OUT] = [0, 1, 2, 3, 5]
const PART = 6 // of the row
const partOf = (query: number): number => 7 + query
const sumOf = (query: number, row: number): number => 9 + query * ROWS_AT_ONCE + row

/** @returns a module that exports `run`, a {@link CoarseRun} */
export function coarseKernel(queries: 1 | 2, width: Width): Uint8Array<ArrayBuffer> {
  const { i32, v128 } = types
  const parameters = Array.from({ length: 6 }, () => i32)
  const locals = Array.from({ length: 3 + queries * ROWS_AT_ONCE }, () => v128)
  const each = (make: (query: number) => Code): Code[] => Array.from({ length: queries }, (_, query) => make(query))
  return assemble(parameters, i32, locals, [
    op.loop(
      ...Array.from({ length: width / STEP_BYTES }, (_, step) => multiplyStep(step, queries, width)),
      ...each(addAcross),
      ...each(writeHits),
      op.advance(NUMBER, ROWS_AT_ONCE * 2),
      op.advance(ROW, ROWS_AT_ONCE * width),
      op.all(op.get(ROW), op.get(END), op.lessU32),
      op.branchIf(0),
    ),
    op.get(OUT),
  ])
}

/** sum[q][r] += query[q][step] · row[r][step]: sixteen products in eight lanes. */
function multiplyStep(step: number, queries: number, width: Width): Code {
  const code: Code[] = []
  for (let query = 0; query < queries; query++) {
    code.push(op.i32(0), op.load128(COARSE_QUERIES_AT + query * DIM + step * STEP_BYTES), op.set(partOf(query)))
  }
  for (let row = 0; row < ROWS_AT_ONCE; row++) {
    code.push(op.get(ROW), op.load128(row * width + step * STEP_BYTES), op.set(PART))
    for (let query = 0; query < queries; query++) {
      code.push(op.get(partOf(query)), op.get(PART), op.dotI8x16U7x16)
      if (step > 0) code.push(op.get(sumOf(query, row)), op.addI16x8)
      code.push(op.set(sumOf(query, row)))
    }
  }
  return code.flat()
}

/** Four vectors of eight partial sums become one vector of four sums, row r in lane r, in place of the first. */
function addAcross(query: number): Code {
  const widen = (row: number): Code => op.all(op.get(sumOf(query, row)), op.addPairsI16x8, op.set(sumOf(query, row)))
  const addInto = (a: number, b: number, low: readonly number[], high: readonly number[]): Code => {
    const both = op.all(op.get(sumOf(query, a)), op.get(sumOf(query, b)))
    return op.all(both, op.shuffle32(...low), both, op.shuffle32(...high), op.addI32x4, op.set(sumOf(query, a)))
  }
  return op.all(
    ...Array.from({ length: ROWS_AT_ONCE }, (_, row) => widen(row)),
    addInto(0, 1, [0, 4, 1, 5], [2, 6, 3, 7]),
    addInto(2, 3, [0, 4, 1, 5], [2, 6, 3, 7]),
    addInto(0, 2, [0, 1, 4, 5], [2, 3, 6, 7]),
  )
}

/** Where one of the four is a hit, all are written, and the place of the next one moves on only behind hits. */
function writeHits(query: number): Code {
  const sums = op.get(sumOf(query, 0))
  const threshold = op.get(THRESHOLD + query)
  const write = (row: number): Code =>
    op.all(
      op.all(op.get(OUT), op.get(NUMBER), op.i32(row * 2 + query), op.addI32, op.storeI32(0)),
      op.all(sums, op.laneI32(row), threshold, op.greaterI32, op.i32(HIT_BYTES), op.multiplyI32),
      op.all(op.get(OUT), op.addI32, op.set(OUT)),
    )
  return op.all(
    op.all(sums, threshold, op.splatI32, op.greaterI32x4, op.anyTrue),
    op.if(...Array.from({ length: ROWS_AT_ONCE }, (_, row) => write(row))),
  )
}
