/**
 * Decayed weights of the items of one segment, in typed arrays that a ranking runs over. Weights are stated at one
 * reference moment, common to all segments of a view, which `rebase` moves before numbers grow too great.
 * Bound: 20 bytes and a map entry an item that was ever in the segment.
 */
export class SegmentWeights {
  readonly name: string
  /** Newest event time known when it was last ranked, ms. */
  rankedAtMs = 0
  count = 0
  items = new Int32Array(16)
  slow = new Float64Array(16)
  fast = new Float64Array(16)
  readonly #places = new Map<number, number>()

  /** @param name - all, category:…, country:… or device:… */
  constructor(name: string) {
    this.name = name
  }

  /** An item that left the segment has weights 0 and keeps its place. */
  set(item: number, slow: number, fast: number): void {
    let place = this.#places.get(item)
    if (place === undefined) {
      if (slow === 0 && fast === 0) return
      place = this.count++
      this.#places.set(item, place)
      if (place === this.items.length) this.#double()
      this.items[place] = item
    }
    this.slow[place] = slow
    this.fast[place] = fast
  }

  /** States the weights at another moment. */
  rebase(slowFactor: number, fastFactor: number): void {
    for (let place = 0; place < this.count; place++) {
      this.slow[place] = (this.slow[place] as number) * slowFactor
      this.fast[place] = (this.fast[place] as number) * fastFactor
    }
  }

  #double(): void {
    const length = 2 * this.items.length
    const { items, slow, fast } = this
    this.items = new Int32Array(length)
    this.items.set(items)
    this.slow = new Float64Array(length)
    this.slow.set(slow)
    this.fast = new Float64Array(length)
    this.fast.set(fast)
  }
}
