/**
 * Item vectors in one slab of WebAssembly memory, row-major by item number, so that a scan is one walk over memory.
 * Bound: 256 bytes an item, capacity doubling; one 32-bit memory ends at some 16 million items.
 */
export const DIM = 64
const ROW_BYTES = DIM * 4
const PAGE_BYTES = 65_536
const FIRST_ROWS = 1_024
/** Before the rows: queries and hits of the scan kernel. */
export const HEADER_BYTES = 2 * PAGE_BYTES

export class VectorSlab {
  readonly memory = new WebAssembly.Memory({ initial: (HEADER_BYTES + FIRST_ROWS * ROW_BYTES) / PAGE_BYTES })
  /** Float32Array of shape [capacity, DIM]; a fresh view after every growth, so never keep it. */
  rows = new Float32Array(this.memory.buffer, HEADER_BYTES)
  /** Rows in use: one past the highest item set. */
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
    return true
  }

  /** @returns a view of the row, valid until the next {@link set}; a zero vector for items past the end */
  row(index: number): Float32Array {
    return index < this.size ? this.rows.subarray(index * DIM, (index + 1) * DIM) : ZERO
  }

  #grow(rows: number): void {
    const capacity = this.rows.length / DIM
    if (rows <= capacity) return
    let next = capacity
    while (next < rows) next *= 2
    this.memory.grow(Math.ceil(((next - capacity) * ROW_BYTES) / PAGE_BYTES))
    this.rows = new Float32Array(this.memory.buffer, HEADER_BYTES)
  }
}

const ZERO = new Float32Array(DIM)
