/**
 * Related items (V): the best neighbours of every item in each relation, from the raw counts of the item stage. All counts
 * are decayed to the newest event time known, T; c is what is certain of a pair, its sums less their error, and n the same in views, steps or
 * orders.
 *
 * - similar (viewed-with): c / √(norm a · norm b), the cosine of the items' visitors;
 * - next: c / Σ c over the row, the share of what follows;
 * - together (bought-with): the cosine over orders, for pairs of two orders at least: a weight of 1.5 at the newest event of
 *   the row, which two orders have until the older one is a half-life older.
 *
 * Each times n / (n + shrinkage): a pair seen once or twice proves little, however rare its items. Norms arrive on
 * another topic and may lag behind; a norm counts as c at least, so no cosine passes 1.
 */
import { bestById } from '../retrieval/best-by-id.ts'
import { NormIndex } from '../retrieval/norm-index.ts'
import { TopK } from '../retrieval/top-k.ts'
import type { Neighbours, NeighbourSlot } from '../schemas/neighbours.ts'
import type { Related } from '../schemas/related.ts'
import { topics } from '../schemas/topics.ts'
import type { NeighbourRelation } from './co-occurrence.ts'
import { decayedWeight } from './decay.ts'
import type { TableRecord, ViewContext, ViewDefinition, ViewInstance } from './define.ts'
import type { FoldOptions } from './options.ts'
import { RelatedHolders } from './related-holders.ts'

const MAX_RELATED = 50
const MAX_NEIGHBOURS = 512
/** Places whose rows are rebuilt first when an item is taken down. */
const PUBLIC_TOP = 20
const MIN_ORDERS = 1.5
const INTERVAL_MS = 1000
/** Norms change without their pairs: a row this old is looked at again when nothing else is to do. */
const MAX_AGE_MS = 10 * 60_000
/** Rows that one call of the sweep looks at. */
const SWEEP_LOOK = 64

interface Ranking {
  readonly name: 'similar' | 'next' | 'together'
  /** Count units of one view, step or order. */
  readonly unit: number
  /** In views, steps or orders: where the score is halved. */
  readonly shrinkage: number
}
const RANKINGS: Readonly<Record<NeighbourRelation, Ranking>> = {
  'viewed-with': { name: 'similar', unit: 2, shrinkage: 10 },
  next: { name: 'next', unit: 6, shrinkage: 5 },
  'bought-with': { name: 'together', unit: 1, shrinkage: 2 },
}

interface Row {
  readonly key: string
  readonly itemId: string
  readonly item: number
  readonly ranking: Ranking
  /** Neighbours by number, and what is certain of each pair at `newestMs`, above 0. */
  neighbours: readonly number[]
  weights: readonly number[]
  newestMs: number
  /** As published, best first. */
  top: readonly number[]
  builtAtMs: number
  isSwept: boolean
}

export const related = ({ pairHalfLifeMs }: Pick<FoldOptions, 'pairHalfLifeMs'>): ViewDefinition => {
  const weightAt = (sums: NeighbourSlot['sums'], atMs: number) => decayedWeight(sums, atMs, pairHalfLifeMs)
  return {
    name: 'related',
    version: 1,
    class: 'V',
    inputs: [topics.neighbours],
    broadcasts: [topics.itemFeatures],
    indexes: {
      [topics.itemFeatures.name]: () => new NormIndex((sums, atMs) => weightAt([...sums], atMs), pairHalfLifeMs),
    },
    output: topics.related,
    intervalMs: INTERVAL_MS,
    mustRest: true,
    counters: { takenDown: 'rows rebuilt because an item they show was taken down' },
    create: context => new RelatedInstance(context, pairHalfLifeMs),
  }
}

class RelatedInstance implements ViewInstance {
  readonly #context: ViewContext
  readonly #norms: NormIndex
  readonly #halfLifeMs: number
  readonly #rows: Row[] = []
  readonly #rowNumbers = new Map<string, number>()
  readonly #holders = new RelatedHolders((row, item) => (this.#rows[row] as Row).top.includes(item))
  readonly #top = new TopK(MAX_RELATED)
  readonly #scores = new Float32Array(MAX_NEIGHBOURS)
  #newestMs = 0
  #sweepAt = 0

  constructor(context: ViewContext, halfLifeMs: number) {
    this.#context = context
    this.#norms = context.index<NormIndex>(topics.itemFeatures)
    this.#halfLifeMs = halfLifeMs
  }

  apply(record: TableRecord): string[] {
    const cut = record.key.indexOf('/')
    const ranking = RANKINGS[record.key.slice(0, cut) as NeighbourRelation]
    if (ranking === undefined) return []
    const value = record.value as Neighbours | null // the topic's schema has read it
    const row = this.#row(ranking, record.key.slice(cut + 1))
    const neighbours: number[] = []
    const weights: number[] = []
    const newestMs = value?.newestMs ?? 0
    for (const { itemId, sums, error } of value?.slots ?? []) {
      const weight = decayedWeight(sums, newestMs, this.#halfLifeMs) - decayedWeight(error, newestMs, this.#halfLifeMs)
      if (!(weight > 0)) continue
      neighbours.push(this.#norms.ids.intern(itemId))
      weights.push(weight)
    }
    Object.assign(row, { neighbours, weights, newestMs, isSwept: false })
    this.#newestMs = Math.max(this.#newestMs, newestMs)
    return [row.key]
  }

  /** @returns the rows that show the item in a public place, where the record takes it down */
  onBroadcast(record: TableRecord): string[] {
    const item = this.#norms.ids.find(record.key)
    if (item < 0 || this.#norms.standing.isServable(item)) return []
    const rows = this.#holders.take(item)
    if (rows.length > 0) this.#context.count('takenDown', rows.length)
    return rows.map(row => (this.#rows[row] as Row).key)
  }

  build(key: string, nowMs: number): { key: string; value: Related | null }[] {
    const number = this.#rowNumbers.get(key)
    if (number === undefined) return []
    const row = this.#rows[number] as Row
    const places = this.#best(row)
    const top = places.map(place => row.neighbours[place] as number)
    const isAsBefore = row.isSwept && top.length === row.top.length && top.every((item, i) => item === row.top[i])
    const wasPublic = row.top.slice(0, PUBLIC_TOP)
    for (const item of top.slice(0, PUBLIC_TOP)) if (!wasPublic.includes(item)) this.#holders.add(item, number)
    row.top = top
    row.builtAtMs = nowMs
    row.isSwept = false
    if (isAsBefore) return []
    if (top.length === 0) return [{ key, value: null }]
    const items = places.map((place, i) => ({
      itemId: this.#norms.ids.idOf(top[i] as number),
      score: this.#scores[place] as number,
    }))
    return [{ key, value: { itemId: row.itemId, relation: row.ranking.name, asOfMs: this.#asOfMs(), items } }]
  }

  sweep(nowMs: number): string | undefined {
    for (let looked = 0; looked < Math.min(SWEEP_LOOK, this.#rows.length); looked++) {
      const row = this.#rows[this.#sweepAt] as Row
      this.#sweepAt = (this.#sweepAt + 1) % this.#rows.length
      if (row.builtAtMs > nowMs - MAX_AGE_MS) continue
      row.isSwept = true
      return row.key
    }
    return undefined
  }

  /** Leaves the scores of the row's neighbours in `#scores`. @returns places, best first */
  #best({ item, ranking, neighbours, weights, newestMs }: Row): number[] {
    const asOfMs = this.#asOfMs()
    const fade = 2 ** ((newestMs - asOfMs) / this.#halfLifeMs)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const count = Math.min(neighbours.length, MAX_NEIGHBOURS)
    for (let place = 0; place < count; place++) {
      const other = neighbours[place] as number
      const weight = weights[place] as number
      const seen = (weight * fade) / ranking.unit
      const share = ranking.name === 'next' ? weight / total : this.#cosine(item, other, weight * fade, ranking, asOfMs)
      const isOut = other === item || !this.#norms.standing.isServable(other)
      const isWeak = ranking.name === 'together' && weight < MIN_ORDERS
      this.#scores[place] = isOut || isWeak ? 0 : (share * seen) / (seen + ranking.shrinkage)
    }
    return bestById(
      this.#scores,
      count,
      place => this.#norms.ids.idOf(neighbours[place] as number),
      MAX_RELATED,
      this.#top,
    )
  }

  #cosine(item: number, other: number, weight: number, { name }: Ranking, atMs: number): number {
    const norms = this.#norms
    const a = name === 'similar' ? norms.viewed(item, atMs) : norms.bought(item, atMs)
    const b = name === 'similar' ? norms.viewed(other, atMs) : norms.bought(other, atMs)
    return weight / Math.sqrt(Math.max(a, weight) * Math.max(b, weight))
  }

  #asOfMs(): number {
    return Math.max(this.#newestMs, this.#norms.newestMs)
  }

  #row(ranking: Ranking, itemId: string): Row {
    const key = `${ranking.name}/${itemId}`
    const known = this.#rowNumbers.get(key)
    if (known !== undefined) return this.#rows[known] as Row
    const item = this.#norms.ids.intern(itemId)
    const empty = { neighbours: [], weights: [], newestMs: 0, top: [], builtAtMs: 0, isSwept: false }
    const row: Row = { key, itemId, item, ranking, ...empty }
    this.#rowNumbers.set(key, this.#rows.length)
    this.#rows.push(row)
    return row
  }
}
