/**
 * The k best of many scores. A histogram over the leading bits of the scores says where the k-th must stand, so that only the few
 * beside it are compared with each other: two passes without a heap, whose comparisons no processor can foresee. The same
 * histogram puts what is chosen nearly in order.
 */

/** Scores by place, 0..count−1. */
export interface Scored {
  readonly count: number
  /** Of each place: breaks ties, the lower one is better. */
  readonly items: Int32Array
  /** The scores' floats as integers, which have the same order while they are above 0. */
  readonly bits: Int32Array
}

/** Exponent and five bits of the fraction: a bucket is 3 % wide. */
const SHIFT = 18
const PER_OCTAVE = 32
const ONE_BITS = 0x3f800000
/** Scores of 2⁻¹² and below share the first bucket, those of 16 and above the last one. */
const FIRST = (ONE_BITS >> SHIFT) - 12 * PER_OCTAVE
const BUCKETS = 16 * PER_OCTAVE
/** Longer runs are not sorted by insertion. */
const SHORT = 24

export class Best {
  /** The places chosen, `count` of them. */
  places = new Int32Array(1_024)
  count = 0
  /** By bucket: how many scores; then, where its next place goes. */
  readonly #buckets = new Int32Array(BUCKETS)
  #highest = 0
  #lowest = 0

  /**
   * Chooses the k best scores above 0, ties by item; see {@link sort} for their order.
   * @param k - ≥ 0
   */
  choose(scored: Scored, k: number): void {
    const { bits, count } = scored
    const buckets = this.#buckets
    if (count > this.places.length) this.places = new Int32Array(2 * count)
    this.#count(scored)
    let start = 0
    let lowest = this.#highest + 1
    while (lowest > 0 && start < k) {
      const size = buckets[--lowest] as number
      buckets[lowest] = start
      start += size
    }
    this.#lowest = lowest
    const { places } = this
    for (let place = 0; place < count; place++) {
      const score = bits[place] as number
      if (score <= 0) continue
      const bucket = bucketOf(score)
      if (bucket >= lowest && start > 0) places[(buckets[bucket] as number)++] = place
    }
    if (start > k) this.#sortRun(scored, lowest === this.#highest ? 0 : (buckets[lowest + 1] as number), start)
    this.count = Math.min(start, k)
  }

  /** Puts the best of what {@link choose} has just chosen of `scored` first. */
  sort(scored: Scored): void {
    let from = 0
    for (let bucket = this.#highest; bucket >= this.#lowest; bucket--) {
      const to = Math.min(this.#buckets[bucket] as number, this.count)
      if (to - from > 1) this.#sortRun(scored, from, to)
      from = to
    }
  }

  #count({ bits, count }: Scored): void {
    const buckets = this.#buckets
    buckets.fill(0)
    let highest = 0
    for (let place = 0; place < count; place++) {
      const score = bits[place] as number
      if (score <= 0) continue
      const bucket = bucketOf(score)
      buckets[bucket] = (buckets[bucket] as number) + 1
      if (bucket > highest) highest = bucket
    }
    this.#highest = highest
  }

  #sortRun({ bits, items }: Scored, from: number, to: number): void {
    const { places } = this
    const compare = (a: number, b: number): number =>
      (bits[b] as number) - (bits[a] as number) || (items[a] as number) - (items[b] as number)
    if (to - from > SHORT) {
      places.subarray(from, to).sort(compare)
      return
    }
    for (let i = from + 1; i < to; i++) {
      const place = places[i] as number
      let at = i
      while (at > from && compare(places[at - 1] as number, place) > 0) {
        places[at] = places[at - 1] as number
        at--
      }
      places[at] = place
    }
  }
}

function bucketOf(bits: number): number {
  const bucket = (bits >> SHIFT) - FIRST
  return bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1
}
