/**
 * Item vectors, row-major by item number: exact ones for sums, and a copy in 16-bit fixed point, which the scan walks over. A
 * scan of many items waits for memory, not for arithmetic, so half the bytes is nearly half the time; a dot product of the
 * copies is off by at most 5e-4. The copy lies in WebAssembly memory.
 * Bound: 384 bytes an item, capacity doubling; one 32-bit memory ends at some 32 million items.
 */
export const DIM = 64
/** Of the fixed-point copy. */
export const ROW_BYTES = DIM * 2
/** Rows that the scan takes in one step; the capacity is a multiple of it. */
export const ROWS_AT_ONCE = 4
/** 1 in fixed point: a dot product of unit vectors stays below 2²⁹ then, so sums of 32 bits never overflow. */
export const ONE = 2 ** 14
const PAGE_BYTES = 65_536
const FIRST_ROWS = 1_024

/** Before the rows: two queries in fixed point, and the scan's hits of 8 bytes each. */
export const HEADER_BYTES = 3 * PAGE_BYTES
export const QUERIES_AT = 0
export const HITS_AT = 1_024

export class VectorSlab {
  readonly memory = new WebAssembly.Memory({ initial: (HEADER_BYTES + FIRST_ROWS * ROW_BYTES) / PAGE_BYTES })
  /** Float32Array of shape [capacity, DIM]; another array after growth, so never keep it. */
  rows = new Float32Array(FIRST_ROWS * DIM)
  /** Rows in use: one past the highest item set. Those after it are zero. */
  size = 0

  /** @param vector - length DIM, unit or zero. @returns whether it differs from what stood there */
  set(index: number, vector: Float32Array): boolean {
    if (index >= this.size) {
      this.#grow(index + 1)
      this.size = index + 1
    }
    const row = this.rows.subarray(index * DIM, (index + 1) * DIM)
    if (row.every((value, d) => value === vector[d])) return false
    row.set(vector)
    this.#fix(HEADER_BYTES + index * ROW_BYTES, vector)
    return true
  }

  /** @returns a view of the row, valid until the next {@link set}; a zero vector for items past the end */
  row(index: number): Float32Array {
    return index < this.size ? this.rows.subarray(index * DIM, (index + 1) * DIM) : ZERO
  }

  /** @param which - 0 or 1, the query to replace. @param query - length DIM, unit or zero */
  setQuery(which: number, query: Float32Array): void {
    this.#fix(QUERIES_AT + which * ROW_BYTES, query)
  }

  #fix(at: number, vector: Float32Array): void {
    const fixed = new Int16Array(this.memory.buffer, at, DIM)
    for (let d = 0; d < DIM; d++) fixed[d] = Math.round((vector[d] as number) * ONE)
  }

  #grow(rows: number): void {
    const capacity = this.rows.length / DIM
    if (rows <= capacity) return
    let next = capacity
    while (next < rows) next *= 2
    this.memory.grow(((next - capacity) * ROW_BYTES) / PAGE_BYTES)
    const grown = new Float32Array(next * DIM)
    grown.set(this.rows)
    this.rows = grown
  }
}

const ZERO = new Float32Array(DIM)
