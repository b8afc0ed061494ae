/**
 * ISGD: matrix factorisation of positive feedback, one gradient step after each event. J. Vinagre, A. Jorge, J. Gama, "Fast Incremental
 * Matrix Factorization for Recommendation with Positive-Only Feedback", UMAP 2014; update as in the authors' streamRec.
 *
 * `steps` times: e = 1 − p·q; p += η(e q − λ p); q += η(e p − λ q) with the new p. New vectors from N(0, 0.1²). An item's rank is by
 * |1 − p·q|, the least first. A user without a vector gets an empty list. An event that its user had before is learned
 * again, as there. Defaults: the authors' for MovieLens 1M (η 0.1, λ 0.4, 8 steps) with fewer factors, 64 for 160.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { randomOf } from '../statistics/random.ts'
import { grown } from './grown.ts'
import { Ranking } from './ranking.ts'
import { bestOf } from './scoreboard.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

export interface IsgdOptions {
  readonly factors: number
  readonly steps: number
  readonly learningRate: number
  readonly regularization: number
  readonly seed: number
}

export const defaultIsgd = {
  factors: 64,
  steps: 8,
  learningRate: 0.1,
  regularization: 0.4,
  seed: 1,
} as const satisfies IsgdOptions

const INITIAL_DEVIATION = 0.1

export class Isgd implements Recommender {
  readonly name = 'isgd'
  readonly #options: IsgdOptions
  readonly #users: Vectors
  readonly #items: Vectors
  readonly #ranking = new Ranking()
  #scores = new Float64Array(1_024)

  constructor(options: Partial<IsgdOptions> = {}) {
    this.#options = { ...defaultIsgd, ...options }
    const random = randomOf(this.#options.seed)
    this.#users = new Vectors(this.#options.factors, random)
    this.#items = new Vectors(this.#options.factors, random)
  }

  learn(event: LearnedEvent): void {
    if (!speaksForAnItem(event) || event.user < 0) return
    const { user, item } = event
    const { factors, steps, learningRate, regularization } = this.#options
    const p = this.#users.startOf(user)
    const q = this.#items.startOf(item)
    const users = this.#users.values
    const items = this.#items.values
    for (let step = 0; step < steps; step++) {
      const error = 1 - dot(users, p, items, q, factors)
      for (let f = 0; f < factors; f++) {
        const of = items[q + f] as number
        const next = (users[p + f] as number) + learningRate * (error * of - regularization * (users[p + f] as number))
        users[p + f] = next
        items[q + f] = of + learningRate * (error * next - regularization * of)
      }
    }
  }

  recommend(query: Query, k: number): number[] {
    if (!this.#users.has(query.user)) return []
    const { factors } = this.#options
    const p = this.#users.startOf(query.user)
    const itemCount = this.#items.count
    this.#scores = grown(this.#scores, itemCount)
    for (let item = 0; item < itemCount; item++) {
      this.#scores[item] = -Math.abs(1 - dot(this.#users.values, p, this.#items.values, item * factors, factors))
    }
    return bestOf(this.#ranking, this.#scores, itemCount, item => this.#items.has(item), query, k)
  }
}

/** Rows of numbers that begin at random. */
class Vectors {
  values = new Float64Array(0)
  /** Highest row + 1. */
  count = 0
  readonly #isKnown: boolean[] = []
  readonly #factors: number
  readonly #random: () => number

  constructor(factors: number, random: () => number) {
    this.#factors = factors
    this.#random = random
  }

  has(row: number): boolean {
    return this.#isKnown[row] === true
  }

  /** @returns where the row begins in `values`, made where it is new */
  startOf(row: number): number {
    const start = row * this.#factors
    if (this.#isKnown[row]) return start
    this.#isKnown[row] = true
    this.count = Math.max(this.count, row + 1)
    this.values = grown(this.values, start + this.#factors - 1)
    for (let f = 0; f < this.#factors; f++) this.values[start + f] = INITIAL_DEVIATION * normal(this.#random)
    return start
  }
}

/** @returns one draw of N(0, 1) (Box and Muller 1958) */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function dot(a: Float64Array, atA: number, b: Float64Array, atB: number, length: number): number {
  let sum = 0
  for (let f = 0; f < length; f++) sum += (a[atA + f] as number) * (b[atB + f] as number)
  return sum
}
