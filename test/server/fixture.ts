/** A server over a view in process memory, with a clock that stands at NOW_MS. */
import pino from 'pino'
import { ProcessView } from '../../connectors/process-view.ts'
import type { View, ViewWrite } from '../../connectors/view.ts'
import { viewWrites } from '../../connectors/view-writes.ts'
import { sourceName } from '../../retrieval/sources.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item, ItemFeatures } from '../../schemas/item-features.ts'
import type { Profile, ProfileHot } from '../../schemas/profile.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import { topics } from '../../schemas/topics.ts'
import { buildServer, type ServerConfig } from '../../server/app.ts'
import { ServerMetrics } from '../../server/metrics.ts'
import { columnsOf } from '../schemas/list-columns.ts'

export const NOW_MS = 1_700_000_000_000
const TYPES = ['purchase', 'like', 'add_to_cart', 'click', 'view', 'impression', 'skip', 'dislike']

/** What the sink would write for a record. */
export function writesOf(topic: string, key: string, value: unknown, offset = 1): ViewWrite[] {
  const record = { key, partition: 0, timestampMs: NOW_MS, value }
  const version = { generation: 0, offset }
  return viewWrites(topic, record, { version, partitions: 1, nowMs: NOW_MS, sourceName })
}

export const list = (visitor: string, itemIds: readonly string[], over: Partial<RankedList> = {}): ViewWrite[] => {
  const items = itemIds.map((itemId, index) => ({
    itemId,
    score: 1 - index / 1_000,
    sources: 1,
    source: 0,
    because: index % 2 === 0 ? ['liked'] : [],
  }))
  const value: RankedList = {
    visitor,
    listId: 'l1',
    builtAtMs: NOW_MS - 5,
    partition: 0,
    offset: 7,
    appendedAtMs: NOW_MS - 20,
    model: 'blend-1',
    rung: 'full',
    ...columnsOf(items),
    ...over,
  }
  return writesOf(topics.lists.name, visitor, value, 10)
}

const profile = (visitor: string): Profile => ({
  visitor,
  partition: 0,
  offset: 8,
  appendedAtMs: NOW_MS,
  atMs: NOW_MS,
  hot: null,
  cold: null,
})
export const hot = (visitor: string, recent: readonly string[], over: Partial<ProfileHot> = {}): ViewWrite[] =>
  writesOf(topics.profiles.name, `hot/${visitor}`, {
    ...profile(visitor),
    hot: {
      sessionStartedAtMs: NOW_MS - 60_000,
      sessionEvents: recent.length,
      recent: recent.map(itemId => ({ itemId, type: 'view', atMs: NOW_MS - 1_000 })),
      cart: [],
      positives: recent.length,
      country: null,
      device: null,
      language: null,
      query: null,
      ...over,
    },
  })
export const cold = (visitor: string, seen: readonly string[], bought: readonly string[]): ViewWrite[] =>
  writesOf(topics.profiles.name, `cold/${visitor}`, {
    ...profile(visitor),
    cold: {
      items: seen.map(itemId => ({ itemId, strength: 2, lastMs: NOW_MS, count: 1, negative: false })),
      bought,
      shown: [],
    },
  })
export const related = (relation: string, itemId: string, neighbours: readonly string[]): ViewWrite[] =>
  writesOf(topics.related.name, `${relation}/${itemId}`, {
    itemId,
    relation,
    asOfMs: NOW_MS,
    items: neighbours.map((id, index) => ({ itemId: id, score: 0.9 - index / 100 })),
  })
export const segment = (kind: string, name: string, itemIds: readonly string[]): ViewWrite[] =>
  writesOf(topics.trending.name, `${kind}/${name}`, {
    kind,
    segment: name,
    asOfMs: NOW_MS,
    items: itemIds.map((itemId, index) => ({ itemId, score: 100 - index })),
  })
let row = 0
export function item(itemId: string, over: Partial<Item> = {}, offset = 1): ViewWrite[] {
  const facts: Item = {
    title: `Title of ${itemId}`,
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
    ...over,
  }
  const value: ItemFeatures = {
    itemId,
    row: row++,
    epoch: 0,
    revision: 0,
    item: facts,
    counts: {},
    viewedNorm: [],
    boughtNorm: [],
    newestMs: NOW_MS,
  }
  return writesOf(topics.itemFeatures.name, itemId, value, offset)
}

export interface TestServerOptions {
  readonly view?: View
  readonly writes?: readonly ViewWrite[]
  readonly publish?: ((events: readonly Interaction[]) => Promise<void>) | undefined
  readonly config?: Partial<ServerConfig>
}

/** Ready, with what it published. */
export async function testServer(options: TestServerOptions = {}) {
  const view = options.view ?? new ProcessView({ now: () => NOW_MS })
  if (options.writes) await view.write(options.writes)
  const published: Interaction[] = []
  const app = buildServer({
    view,
    publish: options.publish ?? (async events => void published.push(...events)),
    config: { interactionTypes: TYPES, ...options.config },
    metrics: new ServerMetrics(),
    logger: pino({ level: 'silent' }),
    now: () => NOW_MS,
  })
  await app.ready()
  return { app, view, published }
}

export interface Answer {
  requestId: string
  listId: string
  becauseOf?: string | null
  items: { itemId: string; score: number; source: string; reason: string; title?: string; because?: string[] }[]
  rung: string
  degraded: string[]
  cursor?: string
}
export const idsOf = (answer: Answer): string[] => answer.items.map(one => one.itemId)
