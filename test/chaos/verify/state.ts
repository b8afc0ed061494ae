/** D and C state of the stages against the recount of the log, store by store. */
import type { FoldOptions } from '../../../processors/options.ts'
import type { Stage } from '../../../topology/graph.ts'
import type { StageImage } from '../../../topology/read-state.ts'
import { type Admission, type Logged, recountAdmission } from '../../../audit/admission.ts'
import { type Counters, recountCounters, relations } from '../../../audit/counters.ts'
import { type FeatureState, neighbourRowOf, popularityRowOf, statisticsOf } from '../../../audit/item-state.ts'
import { memoryOf, pairsIn, pairsOf, profileIn, profileOf, sessionIn, sessionOf } from '../../../audit/user-state.ts'
import { recountVisitors, type Visitors } from '../../../audit/visitors.ts'
import { type Rows, rowsOf } from './rows.ts'

export interface Recount extends Visitors {
  readonly admission: Admission
  readonly counters: Counters
}

export function recount(log: readonly Logged[], folds: FoldOptions): Recount {
  const admission = recountAdmission(log, folds)
  const visitors = recountVisitors(admission.counted, folds)
  return { ...visitors, admission, counters: recountCounters(visitors.deltas, folds) }
}

export interface Compared {
  readonly store: string
  readonly wanted: Rows
  readonly got: Rows
}

interface Named {
  readonly stage: Stage
  readonly image: StageImage
}

/** @returns every store of D and C state, as the recount has it and as the log has it */
export function storesOf(told: Recount, user: Named, item: Named): Compared[] {
  const { rows, counters, admission } = told
  const wantedOf = <T>(of: (row: NonNullable<ReturnType<typeof rows.get>>) => T, without?: (row: T) => boolean) =>
    rowsOf([...rows].map(([key, row]) => [key, of(row)] as const).filter(([, row]) => !without?.(row)))
  const compared: Compared[] = [
    { store: 'admit', ...memories(stateOf(user, 'admit'), admission.memories) },
    {
      store: 'session-features',
      wanted: wantedOf(sessionIn, row => row.session === undefined),
      got: gotOf(user, 'session-features', sessionOf),
    },
    { store: 'profile', wanted: wantedOf(profileIn), got: gotOf(user, 'profile', profileOf) },
    {
      store: 'signals',
      wanted: wantedOf(pairsIn, row => row.window.length === 0),
      got: gotOf(user, 'signals', pairsOf),
    },
    ...relations.map(relation => ({
      store: relation,
      wanted: rowsOf(counters.neighbours[relation]),
      got: gotOf(item, relation, neighbourRowOf),
    })),
    { store: 'popularity', wanted: rowsOf(counters.popularity), got: gotOf(item, 'popularity', popularityRowOf) },
    {
      store: 'item-features',
      wanted: rowsOf(counters.statistics),
      got: rowsOf(
        [...stateOf<FeatureState>(item, 'item-features')]
          .filter(([, row]) => row.statistics)
          .map(([key, row]) => [key, statisticsOf(row)]),
      ),
    },
  ]
  const known = new Set(compared.map(one => one.store))
  const left = [user, item].flatMap(({ stage }) =>
    stage.processors.filter(one => one.store && !known.has(one.name)).map(one => one.name),
  )
  if (left.length > 0) throw new Error(`no recount for ${left.join(', ')}`)
  return compared
}

/** All rows of one store, over all partitions. @throws where a key stands in two */
export function stateOf<T>({ stage, image }: Named, processor: string): Map<string, T> {
  const index = stage.processors.findIndex(one => one.name === processor)
  if (index < 0) throw new Error(`no processor ${processor}`)
  const rows = image.states.flatMap(state => [...state.entries(index)] as [string, T][])
  const byKey = new Map(rows)
  if (byKey.size !== rows.length) throw new Error(`${processor}: a key has state in two partitions`)
  return byKey
}

const gotOf = <T>(from: Named, processor: string, rowOf: (state: T) => unknown): Rows =>
  rowsOf([...stateOf<T>(from, processor)].map(([key, state]) => [key, rowOf(state)]))

/** The store keeps hashes: the first event they are seen with gives them a name, which every later one must agree with. */
function memories(state: Map<string, Parameters<typeof memoryOf>[0]>, wanted: Admission['memories']) {
  const names = new Map<number, string>()
  const rowOf = (visitor: string, row: Parameters<typeof memoryOf>[0]) =>
    memoryOf(row).map(({ event, second, bucketEvents, bucketItems }, index) => {
      const first = wanted.get(visitor)?.[index]?.event.eventId ?? `hash ${event}`
      if (!names.has(event)) names.set(event, first)
      return { event: names.get(event), second, bucketEvents, bucketItems }
    })
  return {
    wanted: rowsOf(
      [...wanted].map(([visitor, remembered]) => [
        visitor,
        remembered.map(({ event, bucketEvents, bucketItems }) => ({
          event: event.eventId,
          second: Math.floor(event.atMs / 1000),
          // A purchase keeps what stood there before it, which nothing reads.
          ...(bucketEvents === undefined ? {} : { bucketEvents, bucketItems }),
        })),
      ]),
    ),
    got: rowsOf(
      [...state].map(([visitor, row]) => [
        visitor,
        rowOf(visitor, row).map((one, index) => {
          const { bucketEvents, bucketItems, ...rest } = one
          const isPurchase = wanted.get(visitor)?.[index]?.bucketEvents === undefined
          return isPurchase ? rest : { ...rest, bucketEvents, bucketItems }
        }),
      ]),
    ),
  }
}
