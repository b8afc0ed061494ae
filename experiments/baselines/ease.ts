/**
 * EASE: a linear model of items on items without self-similarity, in closed form. H. Steck, "Embarrassingly Shallow Autoencoders for
 * Sparse Data", WWW 2019.
 *
 * P = (XᵀX + λ I)⁻¹; B(i,j) = −P(i,j) / P(j,j), diagonal 0; score(j) = Σ B(i,j) over the items i of the history. Trained by `fit`
 * on the `maxItems` items of most users (ties: the lower number), with all that is known of a user at a query. λ counts users;
 * default 200, items 2,000: time grows with the third power, bytes are 16 an item pair while it fits and 8 after. A fit that comes
 * before the log has grown by `refitGrowth` is passed over, so that asking for one every night costs a bounded number of them.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { Histories } from './histories.ts'
import { invert } from './invert.ts'
import { Ranking } from './ranking.ts'

export interface EaseOptions {
  readonly regularization: number
  /** At most 5,000. */
  readonly maxItems: number
  /** Share of the interactions of the last fit that must have come since. */
  readonly refitGrowth: number
}

export const defaultEase = { regularization: 200, maxItems: 2_000, refitGrowth: 0.1 } as const satisfies EaseOptions

const MAX_ITEMS = 5_000

export class Ease implements Recommender {
  readonly name = 'ease'
  readonly #options: EaseOptions
  readonly #histories = new Histories()
  readonly #ranking = new Ranking()
  #learned = 0
  #fitted = 0
  /** Numbers of the items of the model, and their places in it. */
  #items: number[] = []
  #placeOf = new Map<number, number>()
  #weights = new Float64Array(0)
  #scores = new Float64Array(0)

  constructor(options: Partial<EaseOptions> = {}) {
    this.#options = { ...defaultEase, ...options }
    const { maxItems } = this.#options
    if (maxItems > MAX_ITEMS) throw new Error(`ease: maxItems: wanted at most ${MAX_ITEMS}, got ${maxItems}`)
  }

  learn(event: LearnedEvent): void {
    if (this.#histories.learn(event)) this.#learned++
  }

  fit(): void {
    if (this.#learned < this.#fitted * (1 + this.#options.refitGrowth)) return
    this.#fitted = this.#learned
    this.#choose()
    const count = this.#items.length
    const gram = new Float64Array(count * count)
    for (const history of this.#histories.all()) {
      const places = this.#places(history)
      for (const i of places) for (const j of places) gram[i * count + j] = (gram[i * count + j] as number) + 1
    }
    for (let i = 0; i < count; i++) gram[i * count + i] = (gram[i * count + i] as number) + this.#options.regularization
    invert(gram, count)
    const diagonal = Float64Array.from({ length: count }, (_, i) => gram[i * count + i] as number)
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        gram[i * count + j] = i === j ? 0 : -(gram[i * count + j] as number) / (diagonal[j] as number)
      }
    }
    this.#weights = gram
    this.#scores = new Float64Array(count)
  }

  /** Adds to the history of one user what the model does not learn. */
  observe(event: LearnedEvent): void {
    this.#histories.learn(event)
  }

  recommend(query: Query, k: number): number[] {
    const count = this.#items.length
    const places = this.#places(this.#histories.of(query))
    if (places.length === 0) return []
    this.#scores.fill(0)
    for (const i of places) {
      for (let j = 0; j < count; j++) {
        this.#scores[j] = (this.#scores[j] as number) + (this.#weights[i * count + j] as number)
      }
    }
    this.#ranking.begin(k)
    for (let j = 0; j < count; j++) {
      const item = this.#items[j] as number
      const score = this.#scores[j] as number
      if (this.#ranking.wants(item, score) && !query.isExcluded(item)) this.#ranking.offer(item, score)
    }
    this.#ranking.finish()
    return this.#ranking.best()
  }

  #choose(): void {
    const users = new Float64Array(this.#histories.itemCount)
    for (const history of this.#histories.all()) for (const item of history) users[item] = (users[item] as number) + 1
    this.#ranking.begin(this.#options.maxItems)
    users.forEach((count, item) => {
      if (count > 0) this.#ranking.offer(item, count)
    })
    this.#items = Array.from(this.#ranking.ids.subarray(0, this.#ranking.count)).sort((a, b) => a - b)
    this.#placeOf = new Map(this.#items.map((item, place) => [item, place]))
  }

  #places(history: readonly number[]): number[] {
    return history.map(item => this.#placeOf.get(item) ?? -1).filter(place => place >= 0)
  }
}
