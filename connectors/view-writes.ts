/** What a record of a published table becomes in the view. Pure: the sink reads and writes around it. */

import { hashSet } from '../schemas/item-hashes.ts'
import type { ItemFeatures } from '../schemas/item-features.ts'
import { keys, MAX_LIST_AGE_SECONDS, type ValueKey } from '../schemas/keys.ts'
import { packedCandidates, packedFacts, packedKnown, packedSession } from '../schemas/packed.ts'
import type { Profile, ProfileCold, ProfileHot } from '../schemas/profile.ts'
import type { RankedList } from '../schemas/ranked-list.ts'
import type { Related } from '../schemas/related.ts'
import { topics } from '../schemas/topics.ts'
import type { Trending } from '../schemas/trending.ts'
import { publicList } from './public-list.ts'
import type { PublicBody, Version, ViewWrite } from './view.ts'

const PAGE_ROWS = 1024

/** A decoded record of one of {@link sinkTopics}; null is a tombstone. */
export interface SinkRecord {
  readonly key: string
  readonly partition: number
  readonly timestampMs: number
  readonly value: unknown
  /** The value as it came, where it is Avro by the topic's own schema. */
  readonly avro?: Buffer
}
export interface WriteContext {
  readonly version: Version
  /** Of the record's topic. */
  readonly partitions: number
  readonly nowMs: number
  /** The name of a source by its number, see RankedList. */
  readonly sourceName: (source: number) => string
}

const relations: Readonly<Record<string, ValueKey>> = {
  similar: keys.similar,
  next: keys.next,
  together: keys.together,
  popular: keys.popular,
  trending: keys.trending,
}

export const sinkTopics = [topics.profiles, topics.lists, topics.related, topics.trending, topics.itemFeatures] as const

/** @returns nothing for a record of another topic or with a key that its topic does not have */
export function viewWrites(topic: string, record: SinkRecord, context: WriteContext): ViewWrite[] {
  switch (topic) {
    case topics.lists.name:
      return [listWrite(record, record.value as RankedList | null, context)]
    case topics.profiles.name:
      return profileWrites(record.key, record.value as Profile | null, context.version)
    case topics.related.name:
    case topics.trending.name:
      return rankedWrites(record.key, record.value as Related | Trending | null, context.version)
    case topics.itemFeatures.name:
      return [itemWrite(record, record.value as ItemFeatures | null, context)]
    default:
      return []
  }
}

/**
 * Of two writes of one identity the later one says it all. A change of an item's facts has to be told of, so one that is left
 * out for a later write with the same facts would never be, had its first writer died before telling.
 */
export function identityOf(write: ViewWrite): string {
  if (write.kind === 'user') return `${write.field}/${write.visitor}`
  return write.kind === 'value' ? `${write.key.name}/${write.id}` : `item/${write.itemId}/${write.version.offset}`
}

function listWrite(record: SinkRecord, list: RankedList | null, { version, sourceName }: WriteContext): ViewWrite {
  const { key: visitor, avro } = record
  if (!list) return { kind: 'user', visitor, field: 'c', version, value: null }
  const value = avro ? packedCandidates.wrap(avro) : packedCandidates.pack(list)
  return { kind: 'user', visitor, field: 'c', version, value, rec: publicList(list, sourceName) }
}

function profileWrites(key: string, profile: Profile | null, version: Version): ViewWrite[] {
  const [half, visitor] = splitKey(key)
  if (half === 'hot') {
    const value = profile?.hot ? sessionOf(profile, profile.hot) : null
    return [{ kind: 'user', visitor, field: 's', version, value }]
  }
  if (half === 'cold') {
    const value = profile?.cold ? knownOf(profile.cold) : null
    return [{ kind: 'user', visitor, field: 'k', version, value }]
  }
  return []
}

const sessionOf = (profile: Profile, hot: ProfileHot): Buffer =>
  packedSession.pack({
    partition: profile.partition,
    offset: profile.offset,
    appendedAtMs: profile.appendedAtMs,
    atMs: profile.atMs,
    sessionStartedAtMs: hot.sessionStartedAtMs,
    recent: hot.recent,
    cart: hot.cart,
    positives: hot.positives,
    country: hot.country,
    device: hot.device,
    language: hot.language,
  })

const knownOf = (cold: ProfileCold): Buffer =>
  packedKnown.pack({
    seen: hashSet(cold.items.filter(item => item.count > 0).map(item => item.itemId)),
    bought: hashSet(cold.bought),
    shown: hashSet(cold.shown),
    negative: hashSet(cold.items.filter(item => item.negative).map(item => item.itemId)),
  })

function rankedWrites(recordKey: string, value: Related | Trending | null, version: Version): ViewWrite[] {
  const [relation, id] = splitKey(recordKey)
  const key = relations[relation]
  if (!key || id === '') return []
  if (!value) return [{ kind: 'value', key, id, version, value: null }]
  const items = value.items.map(({ itemId, score }) => ({ itemId, score: rounded(score) }))
  return [{ kind: 'value', key, id, version, value: body({ asOfMs: value.asOfMs, items }) }]
}

function itemWrite(record: SinkRecord, features: ItemFeatures | null, context: WriteContext): ViewWrite {
  const itemId = record.key
  const isAvailable = features !== null && (features.item?.available ?? true)
  // What was taken down before the oldest living list was built is in no list, and the facts say so themselves.
  const isGone = !isAvailable && record.timestampMs > context.nowMs - MAX_LIST_AGE_SECONDS * 1000
  const gone = { isGone, goneAtMs: isGone ? record.timestampMs : 0 }
  if (!features) return { kind: 'item', itemId, version: context.version, text: null, ...gone }
  const local = Math.floor(features.row / context.partitions)
  const page = Math.floor(local / PAGE_ROWS) * context.partitions + record.partition
  const row = { page, row: features.row, facts: packedFacts.pack(factsOf(features, isAvailable)) }
  return { kind: 'item', itemId, version: context.version, text: textOf(features), row, ...gone }
}

const factsOf = ({ itemId, row, epoch, item }: ItemFeatures, available: boolean) => ({
  itemId,
  row,
  epoch,
  title: item?.title ?? '',
  categories: item?.categories ?? [],
  brand: item?.brand ?? null,
  price: item?.price ?? null,
  publishedAt: item?.publishedAt ?? null,
  available,
  marginTier: item?.marginTier ?? null,
  sponsored: item?.sponsored ?? false,
})

/** What is unknown has no field; lists are JSON. */
function textOf({ item, counts, newestMs }: ItemFeatures): Record<string, string> {
  const { embedding: _, ...facts } = item ?? { embedding: null }
  const text: Record<string, string> = { counts: JSON.stringify(counts), newestMs: String(newestMs) }
  for (const [field, value] of Object.entries(facts)) {
    if (value !== null) text[field] = typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  return text
}

/** `relation/id`: an id may hold slashes, a relation does not. */
function splitKey(key: string): [string, string] {
  const at = key.indexOf('/')
  return at < 0 ? ['', ''] : [key.slice(0, at), key.slice(at + 1)]
}
/** Four digits are more than a rank needs. */
const rounded = (score: number) => Math.round(score * 10_000) / 10_000
const body = (value: Record<string, unknown>) => JSON.stringify(value) as PublicBody
