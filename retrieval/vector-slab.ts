/**
 * Item vectors by item number: exact ones for sums, and the two copies in fixed point that the scan walks over, since a scan
 * of many items waits for memory and for multiplications, see `fixed-point.ts`. While no item has a supplied embedding, the
 * second half of every vector is zero, and the copies hold only the first.
 *
 * The copies lie in WebAssembly memory in blocks of BLOCK_ROWS, coarse rows before fine ones, so that growth moves nothing.
 * Bound: 352 bytes an item without embeddings, 448 with, capacity doubling; one 32-bit memory ends at some 20 million items.
 */
import { CoarseQuery, toCoarseRow, toFine } from './fixed-point.ts'

export const DIM = 64
const HALF = DIM / 2
/** Numbers of a row in the copies. */
export type Width = 32 | 64
/** Rows that the scan takes in one step; a block is a multiple of it. */
export const ROWS_AT_ONCE = 4
export const BLOCK_ROWS = 2_048
const PAGE_BYTES = 65_536

/** Before the rows: two queries, fine and coarse, and the hits of a block, two of 8 bytes each a row. */
export const HEADER_BYTES = PAGE_BYTES
/** Of query q: + q · DIM · 2 bytes. */
export const QUERIES_AT = 0
/** Of query q: + q · DIM bytes. */
export const COARSE_QUERIES_AT = 512
export const HITS_AT = 1_024

export class VectorSlab {
  readonly memory = new WebAssembly.Memory({ initial: HEADER_BYTES / PAGE_BYTES })
  /** Float32Array of shape [capacity, DIM]; another array after growth, so never keep it. */
  rows = new Float32Array(BLOCK_ROWS * DIM)
  /** Rows in use: one past the highest item set. Those after it are zero. */
  size = 0
  /** DIM from the first vector on that has something in its second half. */
  width: Width = 32
  readonly #coarseQueries = [new CoarseQuery(), new CoarseQuery()] as const
  /** By block: the greatest error that a row of its coarse copy has had. */
  #coarseErrors = new Float64Array(1)

  constructor() {
    this.#layOut(0)
  }

  /** @returns position of the row in the coarse copy, in bytes; rows of a block follow each other, `width` bytes each */
  coarseAt(row: number): number {
    const inBlock = row % BLOCK_ROWS
    return HEADER_BYTES + ((row - inBlock) * 3 + inBlock) * this.width
  }

  /** @returns position of the row in the fine copy, in bytes; rows of a block follow each other, 2 · `width` bytes each */
  fineAt(row: number): number {
    const inBlock = row % BLOCK_ROWS
    return HEADER_BYTES + ((row - inBlock) * 3 + BLOCK_ROWS + 2 * inBlock) * this.width
  }

  /**
   * @param which - the query
   * @param fine - dot product in the fine copy, in units of 1 / ONE²
   * @returns in the row's block, who is above `fine` there is above this in the coarse copy
   */
  coarseThreshold(which: 0 | 1, fine: number, row: number): number {
    const error = this.#coarseErrors[Math.floor(row / BLOCK_ROWS)] as number
    return this.#coarseQueries[which].threshold(fine, error)
  }

  /** @param vector - length DIM, unit or zero. @returns whether it differs from what stood there */
  set(index: number, vector: Float32Array): boolean {
    this.size = Math.max(this.size, index + 1)
    this.#grow()
    if (this.width < DIM && vector.subarray(HALF).some(value => value !== 0)) this.#widen()
    const row = this.rows.subarray(index * DIM, (index + 1) * DIM)
    if (row.every((value, d) => value === vector[d])) return false
    row.set(vector)
    this.#copy(index)
    return true
  }

  /** @returns a view of the row, valid until the next {@link set}; a zero vector for items past the end */
  row(index: number): Float32Array {
    return index < this.size ? this.rows.subarray(index * DIM, (index + 1) * DIM) : ZERO
  }

  /** @param which - the query to replace. @param query - length DIM, unit or zero */
  setQuery(which: 0 | 1, query: Float32Array): void {
    const fine = new Int16Array(this.memory.buffer, QUERIES_AT + which * DIM * 2, this.width)
    toFine(query, fine)
    const coarse = new Int8Array(this.memory.buffer, COARSE_QUERIES_AT + which * DIM, this.width)
    this.#coarseQueries[which].set(fine, coarse)
  }

  #grow(): void {
    const capacity = this.rows.length / DIM
    if (this.size <= capacity) return
    let next = capacity
    while (next < this.size) next *= 2
    const grown = new Float32Array(next * DIM)
    grown.set(this.rows)
    this.rows = grown
    this.#layOut(capacity)
  }

  /** Once in the life of a slab, mostly at its first row. */
  #widen(): void {
    this.width = DIM
    this.#coarseErrors.fill(0)
    this.#layOut(0)
  }

  /** Makes room for the copies of all rows, and makes those from row `from` on anew. */
  #layOut(from: number): void {
    const capacity = this.rows.length / DIM
    const errors = new Float64Array(capacity / BLOCK_ROWS)
    errors.set(this.#coarseErrors.subarray(0, errors.length))
    this.#coarseErrors = errors
    const missing = this.coarseAt(capacity) - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES))
    for (let row = from; row < capacity; row++) this.#copy(row)
  }

  #copy(row: number): void {
    const { memory, width } = this
    const fine = new Int16Array(memory.buffer, this.fineAt(row), width)
    toFine(this.rows.subarray(row * DIM, (row + 1) * DIM), fine)
    const error = toCoarseRow(fine, new Uint8Array(memory.buffer, this.coarseAt(row), width))
    const block = Math.floor(row / BLOCK_ROWS)
    this.#coarseErrors[block] = Math.max(error, this.#coarseErrors[block] as number)
  }
}

const ZERO = new Float32Array(DIM)
