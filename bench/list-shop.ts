/** A made-up shop for the list benches: items with clustered content, neighbours, segments, and visitors with histories. */
import type { BroadcastIndex, TableRecord, ViewInstance } from '../processors/define.ts'
import { type ListOptions, list } from '../processors/list.ts'
import type { Item } from '../schemas/item.ts'
import type { Profile, RecentItem } from '../schemas/profile.ts'
import { topics } from '../schemas/topics.ts'

export interface ShopSize {
  readonly items: number
  readonly visitors: number
  readonly seed: number
}

const START_MS = 1_760_000_000_000
const CATEGORIES = 60
const BRANDS = 800
const NEIGHBOURS = 50
const EMBEDDING = 96
const HISTORY = 40 // on average; exponential, 1 to 200

export class Shop {
  readonly instance: ViewInstance
  readonly size: ShopSize
  readonly #random: () => number
  readonly #indexes = new Map<string, BroadcastIndex>()
  #offset = 0

  constructor(size: ShopSize, options: Partial<ListOptions>) {
    this.size = size
    this.#random = generator(size.seed)
    const view = list({ ...options, maxVisitors: size.visitors })
    for (const topic of view.broadcasts) {
      const make = view.indexes?.[topic.name]
      if (make) this.#indexes.set(topic.name, make())
    }
    this.instance = view.create({
      partition: 0,
      partitions: 1,
      index: <T extends BroadcastIndex>(topic: { readonly name: string }) => this.#indexes.get(topic.name) as T,
      count: () => {},
    })
    this.#fillTables()
    for (let visitor = 0; visitor < size.visitors; visitor++) this.#fillProfile(visitor)
  }

  visitors(): string[] {
    return range(this.size.visitors).map(visitor => `u:${visitor}`)
  }

  /** One event of a visitor, as the hot half of their profile tells it. @returns the visitor */
  click(): string {
    const visitor = Math.floor(this.#random() * this.size.visitors)
    const recent: RecentItem[] = [2, 1, 0].map(age => ({
      itemId: this.#anItem(visitor),
      type: age === 0 ? 'click' : 'view',
      atMs: START_MS + this.#offset * 10 - age,
    }))
    return this.#hot(visitor, recent)
  }

  #hot(visitor: number, recent: RecentItem[]): string {
    const hot = {
      sessionStartedAtMs: START_MS,
      sessionEvents: recent.length,
      recent,
      cart: [],
      positives: 40,
      country: `c${visitor % 20}`,
      device: `d${visitor % 3}`,
      language: null,
      query: null,
    }
    this.#apply(topics.profiles.name, `hot/u:${visitor}`, { ...this.#profile(visitor), hot })
    return `u:${visitor}`
  }

  #fillProfile(visitor: number): void {
    const length = Math.min(200, Math.max(1, Math.round(-Math.log(1 - this.#random()) * HISTORY)))
    const ids = new Set(Array.from({ length }, () => this.#anItem(visitor)))
    const items = [...ids].map((itemId, i) => ({
      itemId,
      strength: i % 9 === 0 ? 6 : 2,
      lastMs: START_MS,
      count: 1,
      negative: i % 17 === 5,
    }))
    const bought = items.filter(one => one.strength === 6).map(one => one.itemId)
    this.#apply(topics.profiles.name, `cold/u:${visitor}`, {
      ...this.#profile(visitor),
      cold: { items, bought, shown: [] },
    })
  }

  /** Popular items more often (density 1/√rank), half of them from the visitor's own three categories. */
  #anItem(visitor: number): string {
    const item = Math.floor(this.#random() ** 2 * this.size.items)
    if (this.#random() < 0.5) return `item-${item}`
    const category = (visitor * 7 + Math.floor(this.#random() * 3)) % CATEGORIES
    return `item-${Math.min(this.size.items - 1, item - (item % CATEGORIES) + category)}`
  }

  #fillTables(): void {
    const centres = Array.from({ length: CATEGORIES }, () => Array.from({ length: EMBEDDING }, () => this.#normal()))
    for (let item = 0; item < this.size.items; item++) {
      this.#apply(topics.itemFeatures.name, `item-${item}`, { item: this.#facts(item, centres) })
      for (const [relation, count] of [['similar', NEIGHBOURS] as const, ['next', 20] as const]) {
        const items = Array.from({ length: count }, (_, n) => ({ itemId: this.#near(item), score: 0.6 / (n + 2) }))
        this.#apply(topics.related.name, `${relation}/item-${item}`, { items })
      }
    }
    const segments = ['all', ...range(CATEGORIES).map(c => `category:cat-${c}`), ...range(20).map(c => `country:c${c}`)]
    for (const segment of [...segments, 'device:d0', 'device:d1', 'device:d2']) {
      for (const kind of ['popular', 'trending']) {
        const items = range(200).map(rank => ({ itemId: this.#anItem(segments.indexOf(segment)), score: 200 - rank }))
        this.#apply(topics.trending.name, `${kind}/${segment}`, { items })
      }
    }
  }

  #near(item: number): string {
    const step = CATEGORIES * (1 + Math.floor(this.#random() * 40))
    return this.#random() < 0.7 ? `item-${(item + step) % this.size.items}` : this.#anItem(item)
  }

  #facts(item: number, centres: readonly (readonly number[])[]): Partial<Item> {
    const category = item % CATEGORIES
    return {
      title: `thing ${item % 977} of kind ${item % 131}`,
      categories: [`cat-${category}`, `dept-${category % 7}`],
      brand: `brand-${Math.floor(this.#random() * BRANDS)}`,
      tags: [`tag-${item % 211}`, `tag-${item % 37}`],
      available: this.#random() > 0.02,
      embedding: (centres[category] ?? []).map(centre => centre + 0.7 * this.#normal()),
    }
  }

  #profile(visitor: number): Omit<Profile, 'hot' | 'cold'> & { hot: null; cold: null } {
    const offset = ++this.#offset
    return { visitor: `u:${visitor}`, partition: 0, offset, appendedAtMs: 0, atMs: START_MS, hot: null, cold: null }
  }

  #apply(topic: string, key: string, value: unknown): void {
    const record: TableRecord = { topic, partition: 0, offset: this.#offset, timestampMs: START_MS, key, value }
    const index = this.#indexes.get(topic)
    if (index) index.apply(record)
    else this.instance.apply(record)
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** mulberry32. @returns numbers in 0 (included) to 1 (not included) */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
