/**
 * Popularity in which an interaction loses half its weight every half-life: score(i) = Σ 2^(−age / halfLife). Also known as
 * time-decayed popularity: D. Palovics, A. Benczur et al., "Alpenglow", and Yandex' Yambda as DecayPop.
 *
 * Sums are kept in the weights of one moment, which orders them as any other moment does, and the moment moves on before they
 * overflow. Default half-life 7 days.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { grown } from './grown.ts'
import { Ranking } from './ranking.ts'
import { bestOf } from './scoreboard.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

export interface DecayedPopularityOptions {
  readonly halfLifeDays: number
}

export const defaultDecayedPopularity = { halfLifeDays: 7 } as const satisfies DecayedPopularityOptions

const DAY_MS = 86_400_000
/** Half-lives after which the moment moves: 2^500 times 2^53 events is far from overflow. */
const MAX_HALF_LIVES = 500

export class DecayedPopularity implements Recommender {
  readonly name = 'decayed-popularity'
  readonly #halfLifeMs: number
  readonly #ranking = new Ranking()
  #sums = new Float64Array(1_024)
  #isKnown = new Int32Array(1_024)
  #itemCount = 0
  /** What the sums are stated at: an event of this moment weighs 1. */
  #atMs: number | undefined

  constructor(options: Partial<DecayedPopularityOptions> = {}) {
    this.#halfLifeMs = (options.halfLifeDays ?? defaultDecayedPopularity.halfLifeDays) * DAY_MS
  }

  learn(event: LearnedEvent): void {
    if (!speaksForAnItem(event)) return
    const { item, atMs } = event
    this.#atMs ??= atMs
    const halfLives = (atMs - this.#atMs) / this.#halfLifeMs
    if (halfLives > MAX_HALF_LIVES) {
      for (let other = 0; other < this.#itemCount; other++) {
        this.#sums[other] = (this.#sums[other] as number) * 2 ** -halfLives
      }
      this.#atMs = atMs
    }
    this.#sums = grown(this.#sums, item)
    this.#isKnown = grown(this.#isKnown, item)
    this.#sums[item] = (this.#sums[item] as number) + 2 ** ((atMs - this.#atMs) / this.#halfLifeMs)
    this.#isKnown[item] = 1
    this.#itemCount = Math.max(this.#itemCount, item + 1)
  }

  recommend(query: Query, k: number): number[] {
    return bestOf(this.#ranking, this.#sums, this.#itemCount, item => this.#isKnown[item] === 1, query, k)
  }
}
