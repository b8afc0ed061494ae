/**
 * The nearest items to up to two vectors: one walk over all item vectors, with bounded selection. Cosine equals dot product,
 * all vectors being of unit length. Items that may not be shown are passed over. Nothing is left out but by rounding: a
 * score is within 5e-4 of the exact one.
 *
 * What a hit costs outside the kernel is more than what a row costs inside, so the walk starts with a threshold guessed from
 * a sample of rows: low enough that as many items as wanted should pass. Where too few did, it is walked again without one.
 */
import type { Ask } from './ask.ts'
import type { Admission } from './candidate-set.ts'
import { HIT_BYTES, hasScanKernel, type Scan, type Scans, scanKernel } from './scan-kernel.ts'
import { scanRows } from './scan-rows.ts'
import { TopK } from './top-k.ts'
import { ONE } from './fixed-point.ts'
import { BLOCK_ROWS, HITS_AT, ROWS_AT_ONCE, type VectorSlab } from './vector-slab.ts'

/** Rows of the sample, in chunks spread over all; a slab of fewer than four samples is walked without one. */
const CHUNKS = 32
const CHUNK = 64
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
        const from = Math.floor((chunk * (rows - CHUNK)) / (CHUNKS - 1) / CHUNK) * CHUNK
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
    let most = guess === NO_GUESS ? CHUNK : BLOCK_ROWS
    for (let row = 0; row < rows; ) {
      const left = BLOCK_ROWS - (row % BLOCK_ROWS)
      const to = Math.min(row + most, row + left, rows)
      this.#walk(scan, first, second, row, to, guess)
      row = to
      most *= 2
    }
  }

  #walk(scan: Scan, first: TopK, second: TopK, from: number, to: number, guess: Guess): void {
    const hits = new Int32Array(this.#slab.memory.buffer)
    const firstWorst = fixed(Math.max(guess.first, first.threshold))
    const secondWorst = fixed(Math.max(guess.second, second.threshold))
    const end = scan(from, to, firstWorst, secondWorst) / 4
    for (let at = HITS_AT / 4; at < end; at += HIT_BYTES / 4) {
      const row = hits[at] as number
      const item = row >> 1
      if (this.#admission.blocked.has(item) || !this.#admission.isServable(item)) continue
      const top = row & 1 ? second : first
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

/**
 * @returns which best of the sample to take for a threshold. Of the k best of all the sample is expected to hold `expected`, with
 *   a standard deviation of its root; so far down, one walk in a hundred finds too few.
 */
function sampleK(k: number, rows: number): number {
  const expected = (k * SAMPLE) / rows
  return Math.ceil(expected + 2.5 * Math.sqrt(expected)) + 1
}

/** @returns a threshold in fixed point; a hit with exactly this score may pass */
const fixed = (score: number): number => Math.floor(score * UNIT)
