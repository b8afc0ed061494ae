/** Sums of scores by item, and the best of them. One instance is used for all queries of a method. */
import type { Query } from '../recommender.ts'
import { grown } from './grown.ts'
import { Ranking } from './ranking.ts'

export class Scoreboard {
  readonly #ranking = new Ranking()
  #scores = new Float64Array(1_024)
  #isTouched = new Int32Array(1_024)
  #touched = new Int32Array(1_024)
  #count = 0

  add(item: number, score: number): void {
    if (item >= this.#scores.length) this.#grow(item)
    if (this.#isTouched[item] === 0) {
      this.#isTouched[item] = 1
      this.#scores[item] = 0
      this.#touched[this.#count++] = item
    }
    this.#scores[item] = (this.#scores[item] as number) + score
  }

  /** @returns the sum of an item since the last {@link take}, 0 where nothing was added */
  scoreOf(item: number): number {
    return this.#isTouched[item] === 1 ? (this.#scores[item] as number) : 0
  }

  /** @returns items with a score, best first, at most k, none excluded, ties to the lower number; empties the board */
  take(query: Query, k: number): number[] {
    const ranking = this.#ranking
    ranking.begin(k)
    for (let at = 0; at < this.#count; at++) {
      const item = this.#touched[at] as number
      const score = this.#scores[item] as number
      this.#isTouched[item] = 0
      if (ranking.wants(item, score) && !query.isExcluded(item)) ranking.offer(item, score)
    }
    this.#count = 0
    ranking.finish()
    return ranking.best()
  }

  #grow(item: number): void {
    this.#scores = grown(this.#scores, item)
    this.#isTouched = grown(this.#isTouched, item)
    this.#touched = grown(this.#touched, item)
  }
}

/**
 * The best items of a dense array of scores.
 * @param ranking - of the caller, used again and again
 * @param scores - of the items 0 … itemCount − 1
 * @param isKnown - whether the method knows the item at all
 */
export function bestOf(
  ranking: Ranking,
  scores: Float64Array,
  itemCount: number,
  isKnown: (item: number) => boolean,
  query: Query,
  k: number,
): number[] {
  ranking.begin(k)
  for (let item = 0; item < itemCount; item++) {
    const score = scores[item] as number
    if (ranking.wants(item, score) && isKnown(item) && !query.isExcluded(item)) ranking.offer(item, score)
  }
  ranking.finish()
  return ranking.best()
}
