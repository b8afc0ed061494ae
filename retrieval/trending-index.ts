/**
 * Popular and trending items by segment, from `trending.v1`.
 * Bound: 200 items × 8 bytes a kind and segment; there are as many segments as categories, countries and devices.
 */
import type { Trending } from '../schemas/trending.ts'
import type { ItemIds } from './item-ids.ts'

/** Best first; `scores` in the order of `items`. */
export interface Segment {
  readonly items: Int32Array
  readonly scores: Float32Array
}

export class TrendingIndex {
  readonly #ids: ItemIds
  readonly #segments = new Map<string, Segment>()

  constructor(ids: ItemIds) {
    this.#ids = ids
  }

  /**
   * @param kind - popular or trending
   * @param segment - all, category:…, country:… or device:…
   */
  segment(kind: 'popular' | 'trending', segment: string): Segment | undefined {
    return this.#segments.get(`${kind}/${segment}`)
  }

  /** @param record - of `trending.v1`: key kind/segment */
  apply(record: { readonly key: string; readonly value: unknown }): void {
    const value = record.value as Trending | null
    if (value === null) {
      this.#segments.delete(record.key)
      return
    }
    this.#segments.set(record.key, {
      items: Int32Array.from(value.items, one => this.#ids.intern(one.itemId)),
      scores: Float32Array.from(value.items, one => one.score),
    })
  }
}
