/** The stores of D and C state beside the recount. */
import { actionHash, hash53, itemHash } from '../processors/admission/hash.ts'
import { CART, IMPRESSION, PURCHASE } from '../processors/interaction-types.ts'
import type { Item } from '../schemas/item.ts'
import type { Stage } from '../topology/graph.ts'
import type { TaskState } from '../topology/state.ts'
import type { Remembered } from './admission.ts'
import { type CountersRecount, relations, type Row, type Table } from './counters.ts'
import { type FeatureState, neighbourRowOf, popularityRowOf, statisticsOf } from './item-state.ts'
import { type StoreCheck, tableOf } from './rows.ts'
import { memoryOf, pairsIn, pairsOf, profileIn, profileOf, sessionIn, sessionOf } from './user-state.ts'
import type { VisitorRow } from './visitors.ts'

/** @param memories, visitors - of the partition that the state is of */
export function userStores(
  stage: Stage,
  state: TaskState,
  memories: ReadonlyMap<string, readonly Remembered[]>,
  visitors: ReadonlyMap<string, VisitorRow>,
): StoreCheck[] {
  const got = storesOf(stage, [state])
  return [
    {
      store: 'admission',
      wanted: tableOf(memories, memory => memory.map(rememberedRow)),
      got: tableOf(got<Parameters<typeof memoryOf>[0]>('admission'), (row, visitor) => {
        const memory = memories.get(visitor)
        return memoryOf(row).map(({ bucketEvents, bucketItems, ...rest }, index) =>
          memory?.[index]?.event.type === PURCHASE ? rest : { ...rest, bucketEvents, bucketItems },
        )
      }),
    },
    {
      store: 'session',
      wanted: tableOf(visitors, sessionIn, row => row.session !== undefined),
      got: tableOf(got<Parameters<typeof sessionOf>[0]>('session'), sessionOf),
    },
    {
      store: 'profile',
      wanted: tableOf(visitors, profileIn),
      got: tableOf(got<Parameters<typeof profileOf>[0]>('profile'), profileOf),
    },
    {
      store: 'pairs',
      wanted: tableOf(visitors, pairsIn, row => row.window.length > 0),
      got: tableOf(got<Parameters<typeof pairsOf>[0]>('pairs'), pairsOf),
    },
  ]
}

const isOverflowed = (row: unknown): boolean => (row as Row<unknown>).isOverflowed

/** @param states - of all partitions */
export function itemStores(stage: Stage, states: readonly TaskState[], counters: CountersRecount): StoreCheck[] {
  const got = storesOf(stage, states)
  return [
    ...relations.map(relation => ({
      store: relation,
      wanted: counters.neighbours(relation),
      got: tableOf(got<Parameters<typeof neighbourRowOf>[0]>(relation), neighbourRowOf),
      isOverflowed,
    })),
    {
      store: 'popularity',
      wanted: counters.popularity(),
      got: tableOf(got<Parameters<typeof popularityRowOf>[0]>('popularity'), popularityRowOf),
      isOverflowed,
    },
    {
      store: 'item-features',
      wanted: counters.statistics(),
      got: tableOf(got<FeatureState>('item-features'), statisticsOf, row => row.statistics !== undefined),
    },
  ]
}

/** What the catalogue says of an item: null for a deletion, undefined where the log no longer tells. */
export type Facts = ReadonlyMap<string, Item | null | undefined>

/** The newest facts of every item of the catalogue; one that was deleted is not available, whatever else is known of it. */
export function catalogueStore(stage: Stage, states: readonly TaskState[], facts: Facts): StoreCheck {
  const told = storesOf(stage, states)<FeatureState>('item-features')
  const got: Table<unknown> = {
    keys: () => [],
    has: () => false,
    get: itemId => {
      const item = told.get(itemId)?.facts?.item
      if (facts.get(itemId) !== null) return item && { ...item }
      return { available: item?.available ?? false }
    },
  }
  const wanted = tableOf(
    facts,
    item => (item === null ? { available: false } : { ...item }),
    item => item !== undefined,
  )
  return { store: 'catalogue', wanted, got }
}

/** A key that has state in two partitions comes as two rows. @throws where the graph has no such store */
function storesOf(stage: Stage, states: readonly TaskState[]) {
  return <T>(store: string): Map<string, T> => {
    const index = stage.processors.findIndex(one => one.store?.name === store)
    if (index < 0) throw new Error(`${stage.name}: wanted a store ${store}, the graph has none`)
    const rows = new Map<string, T>()
    for (const state of states)
      for (const [key, row] of state.entries(index)) rows.set(rows.has(key) ? `${key}, again` : key, row as T)
    return rows
  }
}

/** What the store keeps of an event. What it keeps of the bucket of a purchase nothing reads. */
function rememberedRow({ event, bucketEvents, bucketItems }: Remembered): unknown {
  const { eventId, itemId, type, clientSession, atMs } = event
  const action =
    type === PURCHASE ? 0 : type === CART || type === IMPRESSION ? 1 : actionHash(type, clientSession ?? '')
  const row = {
    event: hash53(eventId),
    item: itemId === null ? 0 : itemHash(itemId),
    action,
    second: Math.floor(atMs / 1000),
  }
  return type === PURCHASE ? row : { ...row, bucketEvents, bucketItems }
}
