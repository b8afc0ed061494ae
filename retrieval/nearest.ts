/**
 * The nearest items to up to two vectors, exactly: a walk over all item vectors, with bounded selection. Cosine equals dot
 * product, all vectors being of unit length. Items that may not be shown are passed over.
 */
import type { Ask } from './ask.ts'
import type { Admission } from './candidate-set.ts'
import { TopK } from './top-k.ts'
import { DIM, type VectorSlab } from './vector-slab.ts'

export class Nearest {
  readonly taste: TopK
  readonly content: TopK
  readonly #slab: VectorSlab
  readonly #admission: Admission
  readonly #k: number

  /** @param k - found for each vector, ≥ 1 */
  constructor(slab: VectorSlab, admission: Admission, k: number) {
    this.#slab = slab
    this.#admission = admission
    this.#k = k
    this.taste = new TopK(k)
    this.content = new TopK(k)
  }

  /** Fills `taste` and `content`, best first, dot product above 0; empty where not wanted or the ask has no such vector. */
  find(ask: Ask, wantsTaste: boolean, wantsContent: boolean): void {
    this.#search(this.taste, wantsTaste && ask.hasTaste ? ask.taste : undefined)
    this.#search(this.content, wantsContent && ask.hasContent ? ask.content : undefined)
  }

  #search(top: TopK, query: Float32Array | undefined): void {
    top.begin(query === undefined ? 0 : this.#k)
    if (query === undefined) return
    const { rows, size } = this.#slab
    for (let item = 0; item < size; item++) {
      let dot = 0
      for (let d = 0; d < DIM; d++) dot += (rows[item * DIM + d] as number) * (query[d] as number)
      if (dot <= 0 || dot <= top.threshold) continue
      if (!this.#admission.blocked.has(item) && this.#admission.isServable(item)) top.offer(item, dot)
    }
    top.finish()
  }
}
