/** Published tables at rest: the last value of every key is what the recount says, though most of them are coalesced. */
import type { Item } from '../../../schemas/item.ts'
import type { ItemFeatures } from '../../../schemas/item-features.ts'
import type { EpochSum, Neighbours } from '../../../schemas/neighbours.ts'
import type { Popularity } from '../../../schemas/popularity.ts'
import type { Profile } from '../../../schemas/profile.ts'
import { topics } from '../../../schemas/topics.ts'
import { relations } from '../../../audit/counters.ts'
import { differences, rowsOf } from './rows.ts'
import { type Decoded, lastByKey, readDecoded, type Source } from './shop-log.ts'
import type { Recount } from './state.ts'

const HOT_ITEMS = 20

export interface Tables {
  readonly itemFeatures: ReadonlyMap<string, ItemFeatures>
  readonly popularity: ReadonlyMap<string, Popularity>
}

export interface TableCheck extends Tables {
  readonly wrong: readonly string[]
}

export async function checkTables(source: Source, told: Recount): Promise<TableCheck> {
  const [neighbours, popularity, itemFeatures, profiles, items] = await Promise.all([
    tableOf<Neighbours>(source, topics.neighbours),
    tableOf<Popularity>(source, topics.popularity),
    tableOf<ItemFeatures>(source, topics.itemFeatures),
    tableOf<Profile>(source, topics.profiles),
    readDecoded<Item>(source, topics.items).then(lastByKey),
  ])
  const wrong = [
    ...neighbourDifferences(told, neighbours),
    ...featureDifferences(told, itemFeatures, items),
    ...profileDifferences(told, profiles),
  ]
  return { wrong, itemFeatures, popularity }
}

async function tableOf<T>(source: Source, topic: Parameters<typeof readDecoded>[1]): Promise<Map<string, T>> {
  const rows = new Map<string, T>()
  for (const [key, { value }] of lastByKey(await readDecoded<T>(source, topic)))
    if (value !== null) rows.set(key, value)
  return rows
}

const sumsOf = (sums: readonly EpochSum[]) => Object.fromEntries(sums.map(one => [String(one.epoch), one.sum]))

function neighbourDifferences(told: Recount, table: ReadonlyMap<string, Neighbours>): string[] {
  const wanted = relations.flatMap(relation =>
    [...told.counters.neighbours[relation]].map(([itemId, row]) => [`${relation}/${itemId}`, row.value] as const),
  )
  const got = [...table].map(
    ([key, { slots }]) => [key, Object.fromEntries(slots.map(slot => [slot.itemId, sumsOf(slot.sums)]))] as const,
  )
  return differences('neighbours.v1', rowsOf(wanted), rowsOf(got))
}

function featureDifferences(
  told: Recount,
  table: ReadonlyMap<string, ItemFeatures>,
  items: ReadonlyMap<string, Decoded<Item>>,
): string[] {
  const statistics = [...told.counters.statistics].map(([itemId, { value }]) => [itemId, value] as const)
  const got = [...table]
    .filter(([itemId]) => told.counters.statistics.has(itemId))
    .map(
      ([itemId, { counts, viewedNorm, boughtNorm }]) =>
        [itemId, { counts, viewedNorm: sumsOf(viewedNorm), boughtNorm: sumsOf(boughtNorm) }] as const,
    )
  const facts = [...items]
    .filter(([, { value }]) => value !== null)
    .map(([itemId, { value }]) => [itemId, value] as const)
  const gotFacts = [...table]
    .filter(([itemId]) => items.get(itemId)?.value)
    .map(([itemId, row]) => [itemId, row.item] as const)
  return [
    ...differences('item-features.v1', rowsOf(statistics), rowsOf(got)),
    ...differences('facts in item-features.v1', rowsOf(facts), rowsOf(gotFacts)),
  ]
}

function profileDifferences(told: Recount, table: ReadonlyMap<string, Profile>): string[] {
  const hot = [...told.rows]
    .filter(([, row]) => row.session)
    .map(
      ([visitor, { session, recent, cart }]) =>
        [
          visitor,
          { events: session?.events, startedAtMs: session?.startedAtMs, recent: recent.slice(-HOT_ITEMS), cart },
        ] as const,
    )
  const cold = [...told.rows].map(
    ([visitor, { items, bought, shown }]) => [visitor, { items: byId(items), bought, shown }] as const,
  )
  const gotHot = [...table.values()].flatMap(({ visitor, hot }) =>
    hot
      ? [
          [
            visitor,
            { events: hot.sessionEvents, startedAtMs: hot.sessionStartedAtMs, recent: hot.recent, cart: hot.cart },
          ] as const,
        ]
      : [],
  )
  const gotCold = [...table.values()].flatMap(({ visitor, cold }) =>
    cold ? [[visitor, { ...cold, items: byId(cold.items) }] as const] : [],
  )
  return [
    ...differences('hot profiles.v1', rowsOf(hot), rowsOf(gotHot)),
    ...differences('cold profiles.v1', rowsOf(cold), rowsOf(gotCold)),
  ]
}

const byId = <T extends { readonly itemId: string }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => (a.itemId < b.itemId ? -1 : 1))
