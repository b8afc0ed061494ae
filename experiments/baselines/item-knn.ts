/**
 * Item-kNN: items whose users are those of the items in the history. Cosine of binary columns with shrinkage, as in
 * M. Ferrari Dacrema, P. Cremonesi, D. Jannach, "Are We Really Making Much Progress?", RecSys 2019:
 *
 * s(i, j) = users(i and j) / (√(users(i) · users(j)) + shrinkage); score(j) = Σ s(i, j) over the items i of the history.
 *
 * Counts are exact after every event. With `neighbours` above 0 only the most similar items of each i count, j's ties to the
 * lower number. Without shrinkage and with K − 1 neighbours this is CosineRecommender(K) of the Python library implicit, which counts
 * an item among its own neighbours. Bound: the newest `window` items of a history make pairs and are asked.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { grown } from './grown.ts'
import { Histories } from './histories.ts'
import { Ranking } from './ranking.ts'
import { Scoreboard } from './scoreboard.ts'
import { SparseRow } from './sparse-row.ts'

export interface ItemKnnOptions {
  /** Users' worth of doubt in a pair. */
  readonly shrinkage: number
  /** Similar items that count for an item of the history; 0 for all. */
  readonly neighbours: number
  /** Newest items of a history that are paired and asked. */
  readonly window: number
}

export const defaultItemKnn = { shrinkage: 10, neighbours: 100, window: 200 } as const satisfies ItemKnnOptions

export class ItemKnn implements Recommender {
  readonly name = 'item-knn'
  readonly #options: ItemKnnOptions
  readonly #histories = new Histories()
  readonly #pairs: (SparseRow | undefined)[] = []
  readonly #board = new Scoreboard()
  readonly #nearest = new Ranking()
  #users = new Float64Array(1_024)
  /** √ of the users of an item. */
  #norms = new Float64Array(1_024)

  constructor(options: Partial<ItemKnnOptions> = {}) {
    this.#options = { ...defaultItemKnn, ...options }
  }

  learn(event: LearnedEvent): void {
    const before = this.#histories.learn(event)
    if (before === undefined) return
    const { item } = event
    this.#users = grown(this.#users, item)
    this.#norms = grown(this.#norms, item)
    this.#users[item] = (this.#users[item] as number) + 1
    this.#norms[item] = Math.sqrt(this.#users[item] as number)
    const row = this.#rowOf(item)
    for (const other of before.slice(-this.#options.window)) {
      row.add(other, 1)
      this.#rowOf(other).add(item, 1)
    }
  }

  /** Adds to the history of one user what the model does not learn. */
  observe(event: LearnedEvent): void {
    this.#histories.learn(event)
  }

  recommend(query: Query, k: number): number[] {
    for (const item of this.#histories.of(query).slice(-this.#options.window)) {
      const row = this.#pairs[item]
      if (row === undefined) continue
      if (this.#options.neighbours === 0) this.#addAll(item, row)
      else this.#addNearest(item, row)
    }
    return this.#board.take(query, k)
  }

  #addAll(item: number, { keys, values }: SparseRow): void {
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number
      if (key !== 0) this.#board.add(key - 1, this.#similarity(item, key - 1, values[at] as number))
    }
  }

  #addNearest(item: number, { keys, values }: SparseRow): void {
    const nearest = this.#nearest
    nearest.begin(this.#options.neighbours)
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number
      if (key !== 0) nearest.offer(key - 1, this.#similarity(item, key - 1, values[at] as number))
    }
    for (let at = 0; at < nearest.count; at++) {
      this.#board.add(nearest.ids[at] as number, nearest.scores[at] as number)
    }
  }

  #similarity(item: number, other: number, both: number): number {
    return both / ((this.#norms[item] as number) * (this.#norms[other] as number) + this.#options.shrinkage)
  }

  #rowOf(item: number): SparseRow {
    const known = this.#pairs[item]
    if (known) return known
    const row = new SparseRow()
    this.#pairs[item] = row
    return row
  }
}
