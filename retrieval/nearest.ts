/**
 * The nearest items to up to two vectors: one walk over all item vectors, with bounded selection. Cosine equals dot product,
 * all vectors being of unit length. Items that may not be shown are passed over. Nothing is left out but by rounding: a
 * score is within 5e-4 of the exact one. The walk goes in blocks, each held against the worst of the k best so far, so that
 * few hits leave the kernel.
 */
import type { Ask } from './ask.ts'
import type { Admission } from './candidate-set.ts'
import { HIT_BYTES, type Scan, type Scans, scanKernel } from './scan-kernel.ts'
import { TopK } from './top-k.ts'
import { HEADER_BYTES, HITS_AT, ONE, ROW_BYTES, ROWS_AT_ONCE, type VectorSlab } from './vector-slab.ts'

/** Rows; small at first, until there is a threshold. The hits of a block fit in the header of the slab. */
const FIRST_BLOCK = 512
const BLOCK = 8_192
const UNIT = ONE * ONE

export class Nearest {
  readonly taste: TopK
  readonly content: TopK
  readonly #slab: VectorSlab
  readonly #admission: Admission
  readonly #scans: Scans

  /**
   * @param maxK - the most that {@link find} may be asked for
   * @param scans - default: the WebAssembly kernels
   */
  constructor(slab: VectorSlab, admission: Admission, maxK: number, scans: Scans = scanKernel(slab)) {
    this.#slab = slab
    this.#admission = admission
    this.taste = new TopK(maxK)
    this.content = new TopK(maxK)
    this.#scans = scans
  }

  /**
   * Fills `taste` and `content`, best first, dot products above 0; empty where the ask has no such vector.
   * @param tasteK - ≥ 0, and so for content; 0 where it is not wanted
   */
  find(ask: Ask, tasteK: number, contentK: number): void {
    this.taste.begin(ask.hasTaste ? tasteK : 0)
    this.content.begin(ask.hasContent ? contentK : 0)
    const wantsTaste = this.taste.threshold < 0
    const wantsContent = this.content.threshold < 0
    if (wantsTaste) this.#slab.setQuery(0, ask.taste)
    if (wantsContent) this.#slab.setQuery(wantsTaste ? 1 : 0, ask.content)
    if (wantsTaste && wantsContent) this.#walk(this.#scans.two, this.taste, this.content)
    else if (wantsTaste) this.#walk(this.#scans.one, this.taste, this.taste)
    else if (wantsContent) this.#walk(this.#scans.one, this.content, this.content)
  }

  #walk(scan: Scan, first: TopK, second: TopK): void {
    const { memory, size } = this.#slab
    const hits = new Int32Array(memory.buffer)
    // Rows past the last one are zero, and a dot product of 0 is no hit.
    const rows = Math.ceil(size / ROWS_AT_ONCE) * ROWS_AT_ONCE
    for (let row = 0, block = FIRST_BLOCK; row < rows; row += block, block = Math.min(block * 2, BLOCK)) {
      const end = Math.min(row + block, rows)
      const hitsEnd = scan(rowAt(row), rowAt(end), worstOf(first), worstOf(second), HITS_AT)
      for (let at = HITS_AT / 4; at < hitsEnd / 4; at += HIT_BYTES / 4) {
        const position = hits[at] as number
        const top = position & 1 ? second : first
        const score = (hits[at + 1] as number) / UNIT
        if (score <= top.threshold) continue
        const item = ((position & ~1) - HEADER_BYTES) / ROW_BYTES
        if (!this.#admission.blocked.has(item) && this.#admission.isServable(item)) top.offer(item, score)
      }
    }
    first.finish()
    if (second !== first) second.finish()
  }
}

const rowAt = (row: number): number => HEADER_BYTES + row * ROW_BYTES
/** @returns what a dot product in fixed point must exceed, at least 0 */
const worstOf = (top: TopK): number => Math.floor(Math.max(0, top.threshold) * UNIT)
