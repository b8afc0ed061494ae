/**
 * Trending (V): the popular and the trending items of every segment: all, `category:…`, `country:…` and `device:…`. One task
 * for all partitions. Weights are decayed to the newest event time known, T.
 *
 * - popular: the slow weight S, in weights of one view;
 * - trending: how fast an item is taken up now against how fast it usually is. At a steady rate r a decayed sum tends to r · h / ln 2, so
 *   sum / h is a rate up to a constant, and the score is (F / hf) / ((S + P) / hs) = (hs / hf) · F / (S + P). Without the prior
 *   P any item seen for the first time today would have the highest score there is, hs / hf. P is the mean slow
 *   weight of the segment's active items (those that still have a view's weight), and one view at least: so an item
 *   has to be taken up like an average one before it can pass 1, and at a steady rate it stays below 1.
 *
 * Items that may not be shown are left out. A segment is ranked again when an item of it changed, and when T has moved on by an hour.
 */
import { bestById } from '../retrieval/best-by-id.ts'
import { CategoryIndex } from '../retrieval/category-index.ts'
import { TopK } from '../retrieval/top-k.ts'
import type { Popularity } from '../schemas/popularity.ts'
import { topics } from '../schemas/topics.ts'
import type { Trending } from '../schemas/trending.ts'
import { decayedWeight } from './decay.ts'
import type { TableRecord, ViewContext, ViewDefinition, ViewInstance } from './define.ts'
import type { FoldOptions } from './options.ts'
import { SegmentWeights } from './segment-weights.ts'

const MAX_ITEMS = 200
const INTERVAL_MS = 5000
const KINDS = ['popular', 'trending'] as const
/** Half-units of one view. */
const VIEW = 2
const STALE_MS = 3_600_000
/** Segments that one call of the sweep looks at. */
const SWEEP_LOOK = 64
/** Half-lives that weights may lie from their reference: 2^400 is far from overflow. */
const MAX_HALF_LIVES = 400

export type TrendingOptions = Pick<FoldOptions, 'popularHalfLifeMs' | 'trendingHalfLifeMs'>

export const trending = (options: TrendingOptions): ViewDefinition => ({
  name: 'trending',
  version: 1,
  class: 'V',
  inputs: [topics.popularity],
  task: 'single',
  broadcasts: [topics.itemFeatures],
  indexes: { [topics.itemFeatures.name]: () => new CategoryIndex() },
  output: topics.trending,
  intervalMs: INTERVAL_MS,
  mustRest: true,
  counters: {},
  create: context => new TrendingInstance(context, options),
})

interface Weights {
  slow: number
  fast: number
}
/** What is known of an item: where it stands, and where it is counted besides `all`. */
interface Placed {
  weights: Weights
  cells: readonly SegmentWeights[]
  categories: readonly SegmentWeights[]
  isServable: boolean
}

class TrendingInstance implements ViewInstance {
  readonly #catalogue: CategoryIndex
  readonly #options: TrendingOptions
  readonly #all = new SegmentWeights('all')
  readonly #segments = new Map<string, SegmentWeights>([['all', this.#all]])
  readonly #placed = new Map<number, Placed>()
  readonly #top = new TopK(MAX_ITEMS)
  #scores = new Float32Array(1_024)
  #referenceMs: number | undefined
  #newestMs = 0
  #sweepNames: string[] = []

  constructor(context: ViewContext, options: TrendingOptions) {
    this.#catalogue = context.index<CategoryIndex>(topics.itemFeatures)
    this.#options = options
  }

  apply(record: TableRecord): string[] {
    const value = record.value as Popularity | null // the topic's schema has read it
    this.#seen(value?.newestMs ?? 0)
    const item = this.#catalogue.ids.intern(record.key)
    const before = this.#placed.get(item)
    const weights: Weights = { slow: 0, fast: 0 }
    const byCell = new Map<SegmentWeights, Weights>((before?.cells ?? []).map(one => [one, { slow: 0, fast: 0 }]))
    for (const cell of value?.cells ?? []) {
      const slow = decayedWeight(cell.slow, this.#referenceMs ?? 0, this.#options.popularHalfLifeMs)
      const fast = decayedWeight(cell.fast, this.#referenceMs ?? 0, this.#options.trendingHalfLifeMs)
      add(weights, slow, fast)
      if (cell.country !== '') this.#addTo(byCell, `country:${cell.country}`, slow, fast)
      if (cell.device !== '') this.#addTo(byCell, `device:${cell.device}`, slow, fast)
    }
    for (const [segment, { slow, fast }] of byCell) segment.set(item, slow, fast)
    this.#all.set(item, weights.slow, weights.fast)
    const placed: Placed = { weights, cells: [...byCell.keys()], categories: [], isServable: false }
    this.#placed.set(item, placed)
    this.#place(item, placed, before?.categories ?? [])
    return keysOf([this.#all, ...placed.cells, ...placed.categories, ...(before?.categories ?? [])])
  }

  /** @returns the segments of the item, where it can be shown from now on or no longer, or has changed categories */
  onBroadcast(record: TableRecord): string[] {
    const item = this.#catalogue.ids.find(record.key)
    const placed = this.#placed.get(item)
    if (!placed) return []
    const { isServable, categories } = placed
    this.#place(item, placed, categories)
    const isSame = placed.isServable === isServable && sameSegments(placed.categories, categories)
    return isSame ? [] : keysOf([this.#all, ...placed.cells, ...placed.categories, ...categories])
  }

  build(key: string): { key: string; value: Trending | null }[] {
    const cut = key.indexOf('/')
    const kind = key.slice(0, cut)
    const segment = this.#segments.get(key.slice(cut + 1))
    if (segment === undefined) return []
    segment.rankedAtMs = this.#newestMs
    this.#score(segment, kind)
    const idOf = (place: number) => this.#catalogue.ids.idOf(segment.items[place] as number)
    const places = bestById(this.#scores, segment.count, idOf, MAX_ITEMS, this.#top)
    if (places.length === 0) return [{ key, value: null }]
    const items = places.map(place => ({ itemId: idOf(place), score: this.#scores[place] as number }))
    return [{ key, value: { kind, segment: segment.name, asOfMs: this.#newestMs, items } }]
  }

  /** @returns a segment whose rates have changed by time alone */
  sweep(): string | undefined {
    if (this.#sweepNames.length === 0) this.#sweepNames = [...this.#segments.keys()]
    for (let looked = 0; looked < SWEEP_LOOK; looked++) {
      const segment = this.#segments.get(this.#sweepNames.pop() ?? '')
      if (segment === undefined) return undefined
      if (segment.rankedAtMs <= this.#newestMs - STALE_MS) return `trending/${segment.name}`
    }
    return undefined
  }

  /** Leaves the score of every place of the segment in `#scores`, 0 for an item that may not be shown. */
  #score({ items, slow, fast, count }: SegmentWeights, kind: string): void {
    if (this.#scores.length < count) this.#scores = new Float32Array(2 * count)
    const { popularHalfLifeMs, trendingHalfLifeMs } = this.#options
    const elapsedMs = (this.#referenceMs ?? 0) - this.#newestMs
    const slowFade = 2 ** (elapsedMs / popularHalfLifeMs)
    const fastFade = 2 ** (elapsedMs / trendingHalfLifeMs)
    const prior = kind === 'trending' ? priorOf(slow, count, slowFade) : 0
    const ratio = popularHalfLifeMs / trendingHalfLifeMs
    for (let place = 0; place < count; place++) {
      const now = (slow[place] as number) * slowFade
      const score = kind === 'popular' ? now / VIEW : (ratio * (fast[place] as number) * fastFade) / (now + prior)
      this.#scores[place] = this.#catalogue.standing.isServable(items[place] as number) ? score : 0
    }
  }

  /** Puts the item into the segments of its categories, and out of those of `last` it is no longer in. */
  #place(item: number, placed: Placed, last: readonly SegmentWeights[]): void {
    placed.isServable = this.#catalogue.standing.isServable(item)
    placed.categories = this.#catalogue.categoriesOf(item).map(name => this.#segment(`category:${name}`))
    for (const segment of last) if (!placed.categories.includes(segment)) segment.set(item, 0, 0)
    for (const segment of placed.categories) segment.set(item, placed.weights.slow, placed.weights.fast)
  }

  #addTo(byCell: Map<SegmentWeights, Weights>, name: string, slow: number, fast: number): void {
    const segment = this.#segment(name)
    const weights = byCell.get(segment) ?? { slow: 0, fast: 0 }
    add(weights, slow, fast)
    byCell.set(segment, weights)
  }

  #segment(name: string): SegmentWeights {
    const known = this.#segments.get(name)
    if (known) return known
    const segment = new SegmentWeights(name)
    this.#segments.set(name, segment)
    return segment
  }

  #seen(atMs: number): void {
    this.#newestMs = Math.max(this.#newestMs, atMs)
    this.#referenceMs ??= atMs
    const movedMs = this.#newestMs - this.#referenceMs
    const { popularHalfLifeMs, trendingHalfLifeMs } = this.#options
    if (movedMs <= MAX_HALF_LIVES * Math.min(popularHalfLifeMs, trendingHalfLifeMs)) return
    const slowFactor = 2 ** (-movedMs / popularHalfLifeMs)
    const fastFactor = 2 ** (-movedMs / trendingHalfLifeMs)
    for (const segment of this.#segments.values()) segment.rebase(slowFactor, fastFactor)
    for (const { weights } of this.#placed.values()) {
      weights.slow *= slowFactor
      weights.fast *= fastFactor
    }
    this.#referenceMs = this.#newestMs
  }
}

function priorOf(slow: Float64Array, count: number, fade: number): number {
  let sum = 0
  let active = 0
  for (let place = 0; place < count; place++) {
    const weight = (slow[place] as number) * fade
    if (weight < VIEW) continue
    sum += weight
    active++
  }
  return active === 0 ? VIEW : sum / active
}

function add(weights: Weights, slow: number, fast: number): void {
  weights.slow += slow
  weights.fast += fast
}

const keysOf = (segments: readonly SegmentWeights[]): string[] =>
  [...new Set(segments)].flatMap(segment => KINDS.map(kind => `${kind}/${segment.name}`))

const sameSegments = (a: readonly SegmentWeights[], b: readonly SegmentWeights[]): boolean =>
  a.length === b.length && a.every(one => b.includes(one))
