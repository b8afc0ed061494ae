/**
 * The k best of a stream of (id, score), in double precision so that figures can be compared with reference code. A heap whose
 * root is the worst of the kept; ties go to the lower id.
 */
export class Ranking {
  ids = new Int32Array(64)
  scores = new Float64Array(64)
  count = 0
  #k = 0

  /** Starts anew. @param k - ≥ 0 */
  begin(k: number): void {
    this.#k = k
    this.count = 0
    if (k > this.ids.length) {
      this.ids = new Int32Array(k)
      this.scores = new Float64Array(k)
    }
  }

  /** @returns whether {@link offer} would keep it */
  wants(id: number, score: number): boolean {
    if (this.count < this.#k) return true
    return this.#k > 0 && isWorse(this.ids[0] as number, this.scores[0] as number, id, score)
  }

  /** @param score - a number, not NaN */
  offer(id: number, score: number): void {
    if (this.count < this.#k) {
      this.#up(this.count++, id, score)
    } else if (this.#k > 0 && isWorse(this.ids[0] as number, this.scores[0] as number, id, score)) {
      this.#down(this.count, id, score)
    }
  }

  /** Puts the best first; nothing may be offered after it. */
  finish(): void {
    for (let end = this.count - 1; end > 0; end--) {
      const id = this.ids[end] as number
      const score = this.scores[end] as number
      this.ids[end] = this.ids[0] as number
      this.scores[end] = this.scores[0] as number
      this.#down(end, id, score)
    }
  }

  /** @returns the ids, best first, after {@link finish} */
  best(): number[] {
    return Array.from(this.ids.subarray(0, this.count))
  }

  #up(from: number, id: number, score: number): void {
    const { ids, scores } = this
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isWorse(id, score, ids[parent] as number, scores[parent] as number)) break
      ids[at] = ids[parent] as number
      scores[at] = scores[parent] as number
      at = parent
    }
    ids[at] = id
    scores[at] = score
  }

  #down(end: number, id: number, score: number): void {
    const { ids, scores } = this
    let at = 0
    for (let child = 1; child < end; child = 2 * at + 1) {
      const right = child + 1
      if (
        right < end &&
        isWorse(ids[right] as number, scores[right] as number, ids[child] as number, scores[child] as number)
      ) {
        child = right
      }
      if (!isWorse(ids[child] as number, scores[child] as number, id, score)) break
      ids[at] = ids[child] as number
      scores[at] = scores[child] as number
      at = child
    }
    ids[at] = id
    scores[at] = score
  }
}

/** @returns whether (id, score) ranks after the other */
function isWorse(id: number, score: number, otherId: number, otherScore: number): boolean {
  return score < otherScore || (score === otherScore && id > otherId)
}
