/**
 * The kernel of the scan that looks at the rows the coarse one has left, in WebAssembly SIMD: makes their dot products and
 * keeps those above the threshold. A hit is always written and the place of the next one moved on only where it counts, so
 * that the rows, which lie scattered, are fetched ahead of each other.
 */
import { assemble, type Code, op, types } from './wasm-assembler.ts'
import { DIM, QUERIES_AT, type Width } from './vector-slab.ts'

/**
 * Gives every hit its dot product as the second of two i32, and closes the gaps that dropped ones leave.
 * @param hit - position of the first hit, bytes
 * @param end - past the last one, above `hit`
 * @param rows - where a fine row of number 0 would stand; hits have twice the number of their row, plus 1 for the second query
 * @param first - a hit of the first query stays where its dot product is above it
 * @param second - the same for the second query
 * @returns past the last hit that is left
 */
export type FineRun = (hit: number, end: number, rows: number, first: number, second: number) => number

const STEP_BYTES = 16
const HIT_BYTES = 8

// Locals; the parameters are the first of them.
const [HIT, END, ROWS, FIRST, SECOND, OUT, NUMBER, ROW, QUERY, DOT, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

/** @returns a module that exports `run`, a {@link FineRun} */
export function fineKernel(width: Width): Uint8Array<ArrayBuffer> {
  const { i32, v128 } = types
  const parameters = Array.from({ length: 5 }, () => i32)
  const isSecond = op.all(op.get(NUMBER), op.i32(1), op.andI32)
  return assemble(
    parameters,
    i32,
    [i32, i32, i32, i32, i32, v128],
    [
      op.all(op.get(HIT), op.set(OUT)),
      op.loop(
        op.all(op.get(HIT), op.loadI32(0), op.set(NUMBER)),
        // ROW = ROWS + ⌊NUMBER / 2⌋ · 2 · width bytes
        op.all(
          op.get(NUMBER),
          op.i32(-2),
          op.andI32,
          op.i32(width),
          op.multiplyI32,
          op.get(ROWS),
          op.addI32,
          op.set(ROW),
        ),
        op.all(isSecond, op.i32(DIM * 2), op.multiplyI32, op.set(QUERY)),
        dot(width),
        op.all(op.get(OUT), op.get(NUMBER), op.storeI32(0)),
        op.all(op.get(OUT), op.get(DOT), op.storeI32(4)),
        op.all(op.get(DOT), op.get(SECOND), op.get(FIRST), isSecond, op.select, op.greaterI32),
        op.all(op.i32(HIT_BYTES), op.multiplyI32, op.get(OUT), op.addI32, op.set(OUT)),
        op.advance(HIT, HIT_BYTES),
        op.all(op.get(HIT), op.get(END), op.lessU32),
        op.branchIf(0),
      ),
      op.get(OUT),
    ],
  )
}

/** DOT = row · query: eight products in four lanes at a time. */
function dot(width: Width): Code {
  const code: Code[] = []
  for (let at = 0; at < width * 2; at += STEP_BYTES) {
    code.push(op.get(ROW), op.load128(at), op.get(QUERY), op.load128(QUERIES_AT + at), op.dotI16x8)
    if (at > 0) code.push(op.get(SUM), op.addI32x4)
    code.push(op.set(SUM))
  }
  const lane = (n: number): Code => op.all(op.get(SUM), op.laneI32(n))
  return op.all(...code, lane(0), lane(1), op.addI32, lane(2), op.addI32, lane(3), op.addI32, op.set(DOT))
}
