/**
 * The nearest items to up to two vectors: one walk over all item vectors, with bounded selection. Cosine equals dot product,
 * all vectors being of unit length. Items that may not be shown are passed over. Nothing is left out but by rounding: a
 * score is within 5e-4 of the exact one.
 *
 * What a hit costs outside the kernel is more than what a row costs inside, so the walk starts with a threshold guessed from
 * a sample of rows: low enough that three times as many items as wanted should pass. Where too few did, it is walked again
 * without one.
 */
import type { Ask } from './ask.ts'
import type { Admission } from './candidate-set.ts'
import { HIT_BYTES, hasScanKernel, type Scan, type Scans, scanKernel } from './scan-kernel.ts'
import { scanRows } from './scan-rows.ts'
import { TopK } from './top-k.ts'
import { HEADER_BYTES, HITS_AT, ONE, ROW_BYTES, ROWS_AT_ONCE, type VectorSlab } from './vector-slab.ts'

/** Rows that go through the kernel at once: the hits of a block fit in the header of the slab. */
const BLOCK = 8_192
/** Rows of the sample, in chunks spread over all; a slab of fewer than four samples is walked without one. */
const CHUNKS = 16
const CHUNK = 128
const SAMPLE = CHUNKS * CHUNK
const UNIT = ONE * ONE

export class Nearest {
  readonly taste: TopK
  readonly content: TopK
  readonly #slab: VectorSlab
  readonly #admission: Admission
  readonly #scans: Scans

  /**
   * @param maxK - the most that {@link find} may be asked for
   * @param scans - default: the WebAssembly kernels where the machine runs them
   */
  constructor(
    slab: VectorSlab,
    admission: Admission,
    maxK: number,
    scans: Scans = (hasScanKernel ? scanKernel : scanRows)(slab),
  ) {
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
    const wantsTaste = this.taste.k > 0
    const wantsContent = this.content.k > 0
    if (wantsTaste) this.#slab.setQuery(0, ask.taste)
    if (wantsContent) this.#slab.setQuery(wantsTaste ? 1 : 0, ask.content)
    if (wantsTaste && wantsContent) this.#search(this.#scans.two, this.taste, this.content)
    else if (wantsTaste) this.#search(this.#scans.one, this.taste, this.taste)
    else if (wantsContent) this.#search(this.#scans.one, this.content, this.content)
  }

  #search(scan: Scan, first: TopK, second: TopK): void {
    // Rows past the last one are zero, and a dot product of 0 is no hit.
    const rows = Math.ceil(this.#slab.size / ROWS_AT_ONCE) * ROWS_AT_ONCE
    const [firstK, secondK] = [first.k, second.k]
    const guess = { first: 0, second: 0 }
    if (rows >= 4 * SAMPLE) {
      first.begin(sampleK(firstK, rows))
      second.begin(sampleK(secondK, rows))
      for (let chunk = 0; chunk < CHUNKS; chunk++) {
        const from = Math.floor((chunk * (rows - CHUNK)) / (CHUNKS - 1) / ROWS_AT_ONCE) * ROWS_AT_ONCE
        this.#walk(scan, first, second, from, from + CHUNK, NO_GUESS)
      }
      guess.first = Math.max(0, first.threshold)
      guess.second = Math.max(0, second.threshold)
      first.begin(firstK)
      second.begin(secondK)
    }
    this.#walkAll(scan, first, second, rows, guess)
    const isShort = (first.count < firstK && guess.first > 0) || (second.count < secondK && guess.second > 0)
    if (isShort) {
      first.begin(firstK)
      second.begin(secondK)
      this.#walkAll(scan, first, second, rows, NO_GUESS)
    }
    first.finish()
    if (second !== first) second.finish()
  }

  #walkAll(scan: Scan, first: TopK, second: TopK, rows: number, guess: Guess): void {
    // Without a guess the first blocks are small, until there is a threshold.
    let block = guess === NO_GUESS ? CHUNK : BLOCK
    for (let row = 0; row < rows; row += block, block = Math.min(block * 2, BLOCK)) {
      this.#walk(scan, first, second, row, Math.min(row + block, rows), guess)
    }
  }

  #walk(scan: Scan, first: TopK, second: TopK, from: number, to: number, guess: Guess): void {
    const hits = new Int32Array(this.#slab.memory.buffer)
    const firstWorst = fixed(Math.max(guess.first, first.threshold))
    const secondWorst = fixed(Math.max(guess.second, second.threshold))
    const end = scan(rowAt(from), rowAt(to), firstWorst, secondWorst, HITS_AT) / 4
    for (let at = HITS_AT / 4; at < end; at += HIT_BYTES / 4) {
      const position = hits[at] as number
      const item = ((position & ~1) - HEADER_BYTES) / ROW_BYTES
      if (this.#admission.blocked.has(item) || !this.#admission.isServable(item)) continue
      const top = position & 1 ? second : first
      top.offer(item, (hits[at + 1] as number) / UNIT)
    }
  }
}

/** Scores that a hit must exceed, ≥ 0. */
interface Guess {
  readonly first: number
  readonly second: number
}
const NO_GUESS: Guess = { first: 0, second: 0 }

/** @returns which best of the sample to take for a threshold: three times as far down as the k-th best of all would stand */
const sampleK = (k: number, rows: number): number => Math.ceil((3 * k * SAMPLE) / rows) + 4

const rowAt = (row: number): number => HEADER_BYTES + row * ROW_BYTES
/** @returns a threshold in fixed point; a hit with exactly this score may pass */
const fixed = (score: number): number => Math.floor(score * UNIT)
