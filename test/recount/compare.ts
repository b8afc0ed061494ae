/** What the stages left in their state, and what they set aside, against the recount of the log, row by row. */
import assert from 'node:assert/strict'
import type { FoldOptions } from '../../processors/options.ts'
import type { Item } from '../../schemas/item.ts'
import type { Stage } from '../../topology/graph.ts'
import type { StageImage } from '../../topology/read-state.ts'
import { recountAdmission, type Remembered } from '../../audit/admission.ts'
import { recountCounters, relations, type Row } from '../../audit/counters.ts'
import { type FeatureState, neighbourRowOf, popularityRowOf, statisticsOf } from '../../audit/item-state.ts'
import type { CatalogueChange, Outcome } from './outcome.ts'
import {
  memoryOf,
  pairsIn,
  pairsOf,
  profileIn,
  profileOf,
  type RememberedHash,
  sessionIn,
  sessionOf,
} from '../../audit/user-state.ts'
import { recountVisitors } from '../../audit/visitors.ts'

/** What admission keeps in place of the action of types that may repeat. */
const REPEATING = new Map([
  ['purchase', 0],
  ['add_to_cart', 1],
  ['impression', 1],
])

/** All rows of one store, over all partitions. */
function storeOf<T>(stage: Stage | undefined, image: StageImage, processor: string): Map<string, T> {
  const index = stage?.processors.findIndex(one => one.name === processor) ?? -1
  assert(index >= 0, `no processor ${processor}`)
  const rows = image.states.flatMap(state => [...state.entries(index)] as [string, T][])
  const byKey = new Map(rows)
  assert.equal(byKey.size, rows.length, `${processor}: a key has state in two partitions`)
  return byKey
}

/** Same keys, and every row the same; the first few rows that differ are shown whole. */
function assertRows<S, T>(
  store: string,
  state: ReadonlyMap<string, S>,
  rowOf: (row: S) => T,
  wanted: ReadonlyMap<string, T>,
) {
  assert.deepEqual([...state.keys()].sort(), [...wanted.keys()].sort(), `${store}: keys`)
  for (const [key, row] of state) assert.deepEqual(rowOf(row), wanted.get(key), `${store} of ${key}`)
}

/** The store keeps hashes: they must stand for ids one to one. */
function assertMemories(
  state: ReadonlyMap<string, RememberedHash[]>,
  wanted: ReadonlyMap<string, readonly Remembered[]>,
) {
  const hashOf = new Map<string, number>()
  const nameOf = new Map<string, string>()
  const assertStandsFor = (kind: string, name: string, hash: number) => {
    assert.equal(hashOf.get(`${kind} ${name}`) ?? hash, hash, `${kind} ${name} has two hashes`)
    assert.equal(nameOf.get(`${kind} ${hash}`) ?? name, name, `${kind} hash ${hash} stands for two names`)
    hashOf.set(`${kind} ${name}`, hash)
    nameOf.set(`${kind} ${hash}`, name)
  }
  assertRows('admit', state, rows => rows.length, new Map([...wanted].map(([key, rows]) => [key, rows.length])))
  for (const [visitor, rows] of state)
    rows.forEach((got, n) => {
      const remembered = wanted.get(visitor)?.[n]
      assert(remembered)
      const { event, bucketEvents, bucketItems } = remembered
      const repeats = REPEATING.get(event.type)
      assertStandsFor('event', event.eventId, got.event)
      assertStandsFor('item', event.itemId ?? '', event.itemId === null ? -1 : got.item)
      if (event.itemId === null) assert.equal(got.item, 0)
      if (repeats === undefined) assertStandsFor('action', `${event.type} in ${event.clientSession ?? ''}`, got.action)
      else assert.equal(got.action, repeats)
      assert.equal(got.second, Math.floor(event.atMs / 1000), `admit of ${visitor}: second ${n}`)
      if (bucketEvents === undefined) return
      const context = `admit of ${visitor}: events and items of the bucket of ${event.eventId}`
      assert.deepEqual([got.bucketEvents, got.bucketItems], [bucketEvents, bucketItems], context)
    })
}

export interface Overflow {
  rows: number
  overflowed: number
}

/** @returns how many rows overflowed, whose values are not compared */
function assertCounters<S, T>(
  store: string,
  state: ReadonlyMap<string, S>,
  rowOf: (row: S) => Row<T>,
  wanted: ReadonlyMap<string, Row<T>>,
): Overflow {
  const hidden = <R extends Row<T>>(row: R | undefined) => (row?.isOverflowed ? { isOverflowed: true } : row)
  assertRows<S, unknown>(
    store,
    state,
    row => hidden(rowOf(row)),
    new Map([...wanted].map(([key, row]) => [key, hidden(row)])),
  )
  return { rows: wanted.size, overflowed: [...wanted.values()].filter(row => row.isOverflowed).length }
}

/** What is compared: an outcome but for its digests. */
export type Recounted = Omit<Outcome, 'digests'>
/** What the recount has to know besides the log. */
export interface Given {
  readonly folds: FoldOptions
  /** In order of the log, each item's for itself. */
  readonly catalogue: readonly CatalogueChange[]
}

/** @returns by store how many rows there are, and how many overflowed, whose values are not compared */
export function assertRecount(work: Given, outcome: Recounted, partitions: number): Record<string, Overflow> {
  const [userStage, itemStage] = outcome.stages
  const { counted, refused, memories } = recountAdmission(outcome.log, work.folds)
  assert.deepEqual(Object.fromEntries(outcome.refused), Object.fromEntries(refused), 'verdicts of admission')
  const memoryRows = new Map(
    [...storeOf<Parameters<typeof memoryOf>[0]>(userStage, outcome.user, 'admit')].map(([key, row]) => [
      key,
      memoryOf(row),
    ]),
  )
  assertMemories(memoryRows, memories)

  const { rows, deltas } = recountVisitors(counted, work.folds)
  const wantedOf = <T>(
    of: (row: NonNullable<ReturnType<typeof rows.get>>) => T,
    without: (row: T) => boolean = () => false,
  ) => new Map([...rows].map(([key, row]) => [key, of(row)] as const).filter(([, row]) => !without(row)))
  const userStoreOf = <T>(name: string) => storeOf<T>(userStage, outcome.user, name)
  assertRows(
    'session-features',
    userStoreOf<Parameters<typeof sessionOf>[0]>('session-features'),
    sessionOf,
    wantedOf(sessionIn, row => row.session === undefined),
  )
  assertRows<Parameters<typeof profileOf>[0], unknown>(
    'profile',
    userStoreOf('profile'),
    profileOf,
    wantedOf(profileIn),
  )
  assertRows(
    'signals',
    userStoreOf<Parameters<typeof pairsOf>[0]>('signals'),
    pairsOf,
    wantedOf(pairsIn, row => row.window.length === 0),
  )
  for (const [visitor, row] of rows) {
    const clicks = outcome.clicks.filter(one => one.visitor === visitor)
    assert.deepEqual(
      clicks.map(one => ({ ...one })),
      row.clicks.map(one => ({ visitor, ...one })),
      `clicks of ${visitor}`,
    )
  }

  const counters = recountCounters(deltas, work.folds)
  const itemStoreOf = <T>(name: string) => storeOf<T>(itemStage, outcome.item, name)
  const overflows: Record<string, Overflow> = {}
  for (const relation of relations)
    overflows[relation] = assertCounters(
      relation,
      itemStoreOf<Parameters<typeof neighbourRowOf>[0]>(relation),
      neighbourRowOf,
      counters.neighbours[relation],
    )
  const cells = itemStoreOf<Parameters<typeof popularityRowOf>[0]>('popularity')
  overflows.popularity = assertCounters('popularity', cells, popularityRowOf, counters.popularity)
  const features = itemStoreOf<FeatureState>('item-features')
  const counters2 = new Map([...features].filter(([, row]) => row.statistics !== undefined))
  assertRows('item-features', counters2, statisticsOf, counters.statistics)
  assertCatalogue(work.catalogue, outcome.item, itemStage, new Set(counters.statistics.keys()), partitions)
  return overflows
}

/** The last facts of every item, not available once it is deleted, and dense rows without a gap in every partition. */
function assertCatalogue(
  changes: readonly CatalogueChange[],
  image: StageImage,
  stage: Stage | undefined,
  mentioned: Set<string>,
  partitions: number,
) {
  const wanted = new Map<string, Item | null>([...mentioned].map(itemId => [itemId, null]))
  for (const [itemId, value] of changes) {
    const last = wanted.get(itemId)
    wanted.set(itemId, value ?? (last ? { ...last, available: false } : null))
  }
  const features = storeOf<FeatureState>(stage, image, 'item-features')
  assertRows<FeatureState, unknown>('catalogue', features, row => row.facts?.item && { ...row.facts.item }, wanted)
  image.states.forEach((state, partition) => {
    const index = stage?.processors.findIndex(one => one.name === 'item-features') as number
    const numbers = [...state.entries(index)].map(([, row]) => (row as unknown as FeatureState).facts?.row as number)
    const dense = numbers.map((_, n) => n * partitions + partition)
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      dense,
      `rows of partition ${partition}`,
    )
  })
}
