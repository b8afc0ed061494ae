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

/** The segments of one kind. */
export class Segments {
  all: Segment | undefined
  readonly countries = new Map<string, Segment>()
  readonly devices = new Map<string, Segment>()
  /** By number of the category. */
  readonly categories: (Segment | undefined)[] = []
}

export class TrendingIndex {
  readonly popular = new Segments()
  readonly trending = new Segments()
  readonly #ids: ItemIds
  readonly #categoryIds: ItemIds

  /**
   * @param ids - numbers of items
   * @param categoryIds - numbers of categories, those of the catalogue
   */
  constructor(ids: ItemIds, categoryIds: ItemIds) {
    this.#ids = ids
    this.#categoryIds = categoryIds
  }

  /** @param record - of `trending.v1`: key kind/segment, where a segment is all, category:…, country:… or device:… */
  apply(record: { readonly key: string; readonly value: unknown }): void {
    const slash = record.key.indexOf('/')
    const segments = this.#segmentsOf(record.key.slice(0, slash))
    if (segments === undefined) return
    const value = record.value as Trending | null // the topic's schema has read it
    const segment = value === null ? undefined : this.#segment(value)
    const name = record.key.slice(slash + 1)
    const colon = name.indexOf(':')
    const what = name.slice(colon + 1)
    if (name === 'all') segments.all = segment
    else if (name.startsWith('category:')) segments.categories[this.#categoryIds.intern(what)] = segment
    else if (name.startsWith('country:')) put(segments.countries, what, segment)
    else if (name.startsWith('device:')) put(segments.devices, what, segment)
  }

  #segment({ items }: Trending): Segment {
    return {
      items: Int32Array.from(items, one => this.#ids.intern(one.itemId)),
      scores: Float32Array.from(items, one => one.score),
    }
  }

  #segmentsOf(kind: string): Segments | undefined {
    if (kind === 'popular') return this.popular
    return kind === 'trending' ? this.trending : undefined
  }
}

function put(segments: Map<string, Segment>, name: string, segment: Segment | undefined): void {
  if (segment === undefined) segments.delete(name)
  else segments.set(name, segment)
}
