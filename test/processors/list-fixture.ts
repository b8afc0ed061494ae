/** A list view driven by hand: its indexes, one instance, and records as the topics carry them. */
import type { BroadcastIndex, TableRecord, ViewInstance } from '../../processors/define.ts'
import { type ListOptions, list } from '../../processors/list.ts'
import type { Item } from '../../schemas/item.ts'
import type { ItemFeatures } from '../../schemas/item-features.ts'
import type { Profile, ProfileItem, RecentItem } from '../../schemas/profile.ts'
import { itemsOf } from '../../schemas/list-items.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import { topics } from '../../schemas/topics.ts'

export const NOW_MS = 1_760_000_000_000

export class ListFixture {
  readonly instance: ViewInstance
  readonly counts = new Map<string, number>()
  readonly #indexes = new Map<string, BroadcastIndex>()
  #offset = 0

  constructor(options: Partial<ListOptions> = {}) {
    const view = list(options)
    for (const topic of view.broadcasts) {
      const make = view.indexes?.[topic.name]
      if (make === undefined) throw new Error(`no index for ${topic.name}`)
      this.#indexes.set(topic.name, make())
    }
    this.instance = view.create({
      partition: 0,
      partitions: 1,
      index: <T extends BroadcastIndex>(topic: { readonly name: string }) => this.#indexes.get(topic.name) as T,
      count: (counter, by = 1) => this.counts.set(counter, (this.counts.get(counter) ?? 0) + by),
    })
  }

  /** @returns keys that a broadcast record makes stale at once */
  broadcast(topic: string, key: string, value: unknown): string[] {
    const record = this.#record(topic, key, value)
    this.#indexes.get(topic)?.apply(record)
    return [...(this.instance.onBroadcast?.(record) ?? [])]
  }

  item(itemId: string, facts: Partial<Item> = {}): string[] {
    return this.broadcast(topics.itemFeatures.name, itemId, features(itemId, facts))
  }

  related(relation: string, itemId: string, items: Record<string, number>): void {
    this.broadcast(topics.related.name, `${relation}/${itemId}`, {
      itemId,
      relation,
      asOfMs: NOW_MS,
      items: Object.entries(items).map(([other, score]) => ({ itemId: other, score })),
    })
  }

  segment(kind: string, segment: string, items: readonly string[]): void {
    this.broadcast(topics.trending.name, `${kind}/${segment}`, {
      kind,
      segment,
      asOfMs: NOW_MS,
      items: items.map((itemId, i) => ({ itemId, score: items.length - i })),
    })
  }

  hot(
    visitor: string,
    recent: readonly RecentItem[],
    more: Partial<Profile['hot'] & { offset: number }> = {},
  ): string[] {
    const { offset = this.#offset + 1, ...rest } = more
    const hot = {
      sessionStartedAtMs: NOW_MS,
      sessionEvents: recent.length,
      recent: [...recent],
      cart: [],
      positives: recent.filter(one => one.type !== 'impression' && one.type !== 'skip' && one.type !== 'dislike')
        .length,
      country: null,
      device: null,
      language: null,
      query: null,
      ...rest,
    }
    return this.input(topics.profiles.name, `hot/${visitor}`, { ...profile(visitor, offset), hot })
  }

  cold(
    visitor: string,
    items: readonly ProfileItem[],
    more: { bought?: readonly string[]; offset?: number } = {},
  ): string[] {
    const cold = { items: [...items], bought: [...(more.bought ?? [])], shown: [] }
    const offset = more.offset ?? this.#offset + 1
    return this.input(topics.profiles.name, `cold/${visitor}`, { ...profile(visitor, offset), cold })
  }

  user(userId: string, preferredCategories: readonly string[]): string[] {
    return this.input(topics.users.name, userId, {
      preferredCategories: [...preferredCategories],
      country: null,
      language: null,
      device: null,
      signupAt: null,
      properties: {},
    })
  }

  input(topic: string, key: string, value: unknown): string[] {
    return [...this.instance.apply(this.#record(topic, key, value))]
  }

  build(visitor: string, nowMs = NOW_MS): RankedList {
    const value = this.instance.build(visitor, nowMs)[0]?.value
    if (!value) throw new Error(`no list for ${visitor}`)
    topics.lists.schema.encode(value as RankedList) // whatever is built must survive its schema
    return value as RankedList
  }

  #record(topic: string, key: string, value: unknown): TableRecord {
    this.#offset++
    return { topic, partition: 0, offset: this.#offset, timestampMs: NOW_MS, key, value }
  }
}

export const idsOf = (list: RankedList): string[] => itemsOf(list).map(item => item.itemId)

/** `a view, b like` in order of arrival, a second apart, the last one now. */
export function recent(text: string): RecentItem[] {
  const parts = text.split(', ')
  return parts.map((part, i) => {
    const [itemId = '', type = ''] = part.split(' ')
    return { itemId, type, atMs: NOW_MS - (parts.length - 1 - i) * 1_000 }
  })
}

export const known = (itemId: string, more: Partial<ProfileItem> = {}): ProfileItem => ({
  itemId,
  strength: 2,
  lastMs: NOW_MS,
  count: 1,
  negative: false,
  ...more,
})

export function features(itemId: string, facts: Partial<Item> = {}): ItemFeatures {
  const item: Item = {
    title: '',
    description: null,
    categories: [],
    brand: null,
    creator: null,
    tags: [],
    price: null,
    rating: null,
    durationMs: null,
    publishedAt: null,
    available: true,
    marginTier: null,
    sponsored: false,
    embedding: null,
    properties: {},
    ...facts,
  }
  return { itemId, row: 0, epoch: 0, revision: 0, item, counts: {}, viewedNorm: [], boughtNorm: [], newestMs: 0 }
}

const profile = (visitor: string, offset: number): Profile => ({
  visitor,
  partition: 0,
  offset,
  appendedAtMs: NOW_MS,
  atMs: NOW_MS,
  hot: null,
  cold: null,
})
