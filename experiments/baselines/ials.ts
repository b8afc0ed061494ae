/**
 * iALS: factors for implicit feedback by alternating least squares. Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for
 * Implicit Feedback Datasets", ICDM 2008; regularisation by frequency as in S. Rendle, W. Krichene, L. Zhang, Y. Koren, "Revisiting
 * the Performance of iALS on Item Recommendation Benchmarks", RecSys 2022.
 *
 * Least Σ c(u,i) (p(u,i) − x·y)² + Σ λ(u) |x|² + Σ λ(i) |y|², with p 1 and c = 1 + alpha for what a user has, else p 0 and c 1, so
 *
 *     x = (YᵀY + alpha Σ y yᵀ + λ(u) I)⁻¹ (1 + alpha) Σ y     (sums over the user's items; items alike)
 *     λ(u) = regularization · (items of u + all items / alpha)^frequencyExponent
 *
 * Exponent 0 is the model of Hu and of the Python library implicit; 1 is that of Rendle with α0 = 1 / alpha and
 * λ = regularization / alpha, of whose recipe the defaults are (ML-20M: α0 0.1, λ 0.003). Factors are trained by `fit`; at a query the
 * user is folded in exactly, with all that is known of them then. The first fit makes `sweeps` sweeps, later ones `refitSweeps`
 * from where the last one ended. Items that came after the fit are not recommended.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { randomOf } from '../statistics/random.ts'
import { cholesky, solve } from './cholesky.ts'
import { grown } from './grown.ts'
import { Histories } from './histories.ts'
import { Ranking } from './ranking.ts'
import { bestOf } from './scoreboard.ts'

export interface IalsOptions {
  readonly factors: number
  readonly alpha: number
  readonly regularization: number
  readonly frequencyExponent: number
  readonly sweeps: number
  readonly refitSweeps: number
  readonly seed: number
}

export const defaultIals = {
  factors: 32,
  alpha: 10,
  regularization: 0.03,
  frequencyExponent: 1,
  sweeps: 16,
  refitSweeps: 2,
  seed: 1,
} as const satisfies IalsOptions

export class Ials implements Recommender {
  readonly name = 'ials'
  readonly #options: IalsOptions
  readonly #histories = new Histories()
  readonly #ranking = new Ranking()
  readonly #random: () => number
  #items = new Float64Array(0)
  /** Items with factors. */
  #itemCount = 0
  #gram: Float64Array
  readonly #system: Float64Array
  readonly #user: Float64Array
  #scores = new Float64Array(1_024)

  constructor(options: Partial<IalsOptions> = {}) {
    this.#options = { ...defaultIals, ...options }
    const { factors, seed } = this.#options
    this.#random = randomOf(seed)
    this.#gram = new Float64Array(factors * factors)
    this.#system = new Float64Array(factors * factors)
    this.#user = new Float64Array(factors)
  }

  learn(event: LearnedEvent): void {
    this.#histories.learn(event)
  }

  fit(): void {
    const { factors, sweeps, refitSweeps } = this.#options
    const rows = [...this.#histories.all()]
    const columns = columnsOf(rows, this.#histories.itemCount)
    const users = new Float64Array(rows.length * factors)
    const count = this.#itemCount === 0 ? sweeps : refitSweeps
    this.#makeItems(this.#histories.itemCount)
    for (let sweep = 0; sweep < count; sweep++) {
      this.#solveAll(rows, this.#items, this.#itemCount, users)
      this.#solveAll(columns, users, rows.length, this.#items)
    }
    this.#gram = gramOf(this.#items, this.#itemCount, factors)
  }

  /** Adds to the history of one user what the model does not learn. */
  observe(event: LearnedEvent): void {
    this.#histories.learn(event)
  }

  recommend(query: Query, k: number): number[] {
    const history = this.#histories.of(query).filter(item => item < this.#itemCount)
    if (history.length === 0) return []
    const { factors } = this.#options
    this.#solveOne(history, this.#items, this.#itemCount, this.#gram, this.#user, 0)
    this.#scores = grown(this.#scores, this.#itemCount)
    for (let item = 0; item < this.#itemCount; item++) {
      const start = item * factors
      let sum = 0
      for (let f = 0; f < factors; f++) sum += (this.#user[f] as number) * (this.#items[start + f] as number)
      this.#scores[item] = sum
    }
    return bestOf(this.#ranking, this.#scores, this.#itemCount, () => true, query, k)
  }

  /** New items begin at random, of length 0.1 on average (Rendle: σ 0.1 / √d). */
  #makeItems(itemCount: number): void {
    const { factors } = this.#options
    const from = this.#itemCount * factors
    this.#items = grown(this.#items, itemCount * factors)
    for (let at = from; at < itemCount * factors; at++) {
      this.#items[at] = ((this.#random() + this.#random() + this.#random() - 1.5) * 2 * 0.1) / Math.sqrt(factors)
    }
    this.#itemCount = itemCount
  }

  /** Solves all rows of one side against the factors of the other. */
  #solveAll(rows: readonly (readonly number[])[], others: Float64Array, otherCount: number, into: Float64Array): void {
    const { factors } = this.#options
    const gram = gramOf(others, otherCount, factors)
    rows.forEach((row, at) => {
      this.#solveOne(row, others, otherCount, gram, into, at * factors)
    })
  }

  #solveOne(
    row: readonly number[],
    others: Float64Array,
    otherCount: number,
    gram: Float64Array,
    into: Float64Array,
    start: number,
  ): void {
    const { factors, alpha, regularization, frequencyExponent } = this.#options
    const system = this.#system
    system.set(gram)
    into.fill(0, start, start + factors)
    for (const other of row) {
      const at = other * factors
      for (let f = 0; f < factors; f++) {
        const y = others[at + f] as number
        const scaled = alpha * y
        into[start + f] = (into[start + f] as number) + y + scaled
        const line = f * factors
        for (let g = 0; g <= f; g++) {
          system[line + g] = (system[line + g] as number) + scaled * (others[at + g] as number)
        }
      }
    }
    const lambda = regularization * (row.length + otherCount / alpha) ** frequencyExponent
    for (let f = 0; f < factors; f++) system[f * factors + f] = (system[f * factors + f] as number) + lambda
    cholesky(system, factors)
    solve(system, factors, into, start)
  }
}

/** @returns lower triangle of the sum of y yᵀ, shape [factors, factors] */
function gramOf(vectors: Float64Array, count: number, factors: number): Float64Array {
  const gram = new Float64Array(factors * factors)
  for (let row = 0; row < count; row++) {
    const start = row * factors
    for (let f = 0; f < factors; f++) {
      const y = vectors[start + f] as number
      for (let g = 0; g <= f; g++) {
        gram[f * factors + g] = (gram[f * factors + g] as number) + y * (vectors[start + g] as number)
      }
    }
  }
  return gram
}

/** @returns by item the rows that hold it */
function columnsOf(rows: readonly (readonly number[])[], itemCount: number): number[][] {
  const columns: number[][] = Array.from({ length: itemCount }, () => [])
  rows.forEach((row, at) => {
    for (const item of row) columns[item]?.push(at)
  })
  return columns
}
