/** Popularity: items by how often they were interacted with since the beginning. */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { grown } from './grown.ts'
import { Ranking } from './ranking.ts'
import { bestOf } from './scoreboard.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

export class Popularity implements Recommender {
  readonly name = 'popularity'
  readonly #ranking = new Ranking()
  #counts = new Float64Array(1_024)
  #itemCount = 0

  learn(event: LearnedEvent): void {
    if (!speaksForAnItem(event)) return
    const { item } = event
    this.#counts = grown(this.#counts, item)
    this.#counts[item] = (this.#counts[item] as number) + 1
    this.#itemCount = Math.max(this.#itemCount, item + 1)
  }

  recommend(query: Query, k: number): number[] {
    return bestOf(this.#ranking, this.#counts, this.#itemCount, item => this.#counts[item] !== 0, query, k)
  }
}
