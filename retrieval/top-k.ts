/**
 * The k best of a stream of (item, score), kept in a binary heap of typed arrays whose root is the worst of them.
 * Ties go to the lower item number. One instance is used again and again: begin, offer …, finish, read.
 */
export class TopK {
  readonly items: Int32Array
  readonly scores: Float32Array
  count = 0
  #k = 0

  /** @param maxK - the greatest k {@link begin} may ask for */
  constructor(maxK: number) {
    this.items = new Int32Array(maxK)
    this.scores = new Float32Array(maxK)
  }

  /** @param k - ≥ 0, cut to maxK */
  begin(k: number): void {
    this.#k = Math.min(k, this.items.length)
    this.count = 0
  }

  /** What was asked for, at most maxK. */
  get k(): number {
    return this.#k
  }

  /** What a score must exceed to be taken for certain; −Infinity while there is room. */
  get threshold(): number {
    if (this.#k === 0) return Number.POSITIVE_INFINITY
    return this.count < this.#k ? Number.NEGATIVE_INFINITY : (this.scores[0] as number)
  }

  /** @param score - a number in float32; NaN must not come here */
  offer(item: number, score: number): void {
    if (this.count < this.#k) {
      this.#up(this.count++, item, score)
    } else if (this.#k > 0 && isWorse(this.items[0] as number, this.scores[0] as number, item, score)) {
      this.#down(0, this.count, item, score)
    }
  }

  /** Puts the best first. After it only reading and {@link begin} make sense. */
  finish(): void {
    for (let end = this.count - 1; end > 0; end--) {
      const item = this.items[end] as number
      const score = this.scores[end] as number
      this.items[end] = this.items[0] as number
      this.scores[end] = this.scores[0] as number
      this.#down(0, end, item, score)
    }
  }

  #up(from: number, item: number, score: number): void {
    const { items, scores } = this
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isWorse(item, score, items[parent] as number, scores[parent] as number)) break
      items[at] = items[parent] as number
      scores[at] = scores[parent] as number
      at = parent
    }
    items[at] = item
    scores[at] = score
  }

  #down(from: number, end: number, item: number, score: number): void {
    const { items, scores } = this
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= end) break
      const right = child + 1
      if (
        right < end &&
        isWorse(items[right] as number, scores[right] as number, items[child] as number, scores[child] as number)
      ) {
        child = right
      }
      if (!isWorse(items[child] as number, scores[child] as number, item, score)) break
      items[at] = items[child] as number
      scores[at] = scores[child] as number
      at = child
    }
    items[at] = item
    scores[at] = score
  }
}

/** @returns whether (item, score) ranks after (other, otherScore) */
function isWorse(item: number, score: number, other: number, otherScore: number): boolean {
  return score < otherScore || (score === otherScore && item > other)
}
