/**
 * The counters of items, told again: every delta is kept under its counter and added up at the end, by epoch. A counter
 * holds `epoch → sum` as text and number in an object, since that is how a difference reads best.
 */
import type { FoldOptions } from '../processors/options.ts'
import type { Delta } from './visitors.ts'

export type Sums = Record<string, number>

export interface Row<T> {
  readonly newestMs: number
  /** More distinct neighbours or cells were named than the row has places for. */
  readonly isOverflowed: boolean
  readonly value: T
}
export interface Cell {
  readonly slow: Sums
  readonly fast: Sums
}
export interface Statistics {
  readonly counts: Record<string, number>
  readonly viewedNorm: Sums
  readonly boughtNorm: Sums
}
export interface Counters {
  /** By relation, item, neighbour. */
  readonly neighbours: Readonly<Record<Relation, ReadonlyMap<string, Row<Record<string, Sums>>>>>
  /** By item and cell. */
  readonly popularity: ReadonlyMap<string, Row<Record<string, Cell>>>
  readonly statistics: ReadonlyMap<string, Row<Statistics>>
}
export const relations = ['viewed-with', 'next', 'bought-with'] as const
export type Relation = (typeof relations)[number]

/** Cells of known country or device. */
const KNOWN_CELLS = 63
const KEPT_EPOCHS = 8

export function recountCounters(deltas: readonly Delta[], options: FoldOptions): Counters {
  const of = (...counters: Delta['counter'][]) => deltas.filter(one => counters.includes(one.counter))
  const pairs = (some: readonly Delta[]) => decayedSums(some, options.pairHalfLifeMs)
  const neighbours = (relation: Relation) =>
    rowsOf(of(relation), some => {
      const byOther = groups(some, one => one.other)
      return { value: mapped(byOther, pairs), isOverflowed: byOther.size > options.maxNeighbours }
    })
  return {
    neighbours: {
      'viewed-with': neighbours('viewed-with'),
      next: neighbours('next'),
      'bought-with': neighbours('bought-with'),
    },
    popularity: rowsOf(of('popularity'), some => {
      const byCell = groups(some, one => one.other)
      const known = [...byCell.keys()].filter(cell => cell !== '|').length
      const cellOf = (those: readonly Delta[]) => ({
        slow: decayedSums(those, options.popularHalfLifeMs),
        fast: decayedSums(those, options.trendingHalfLifeMs),
      })
      return { value: mapped(byCell, cellOf), isOverflowed: known > KNOWN_CELLS }
    }),
    statistics: rowsOf(of('count', 'viewed-norm', 'bought-norm'), some => ({
      value: {
        counts: mapped(
          groups(
            some.filter(one => one.counter === 'count'),
            one => one.other,
          ),
          those => those.reduce((sum, one) => sum + one.amount, 0),
        ),
        viewedNorm: pairs(some.filter(one => one.counter === 'viewed-norm')),
        boughtNorm: pairs(some.filter(one => one.counter === 'bought-norm')),
      },
      isOverflowed: false,
    })),
  }
}

/** Of epochs that begin at e · 8 h; the newest eight of them stay. */
export function decayedSums(deltas: readonly Delta[], halfLifeMs: number): Sums {
  const sums = new Map<number, number>()
  for (const { amount, atMs } of deltas) {
    const epoch = Math.floor(atMs / (8 * halfLifeMs))
    const age = (atMs - 8 * halfLifeMs * epoch) / halfLifeMs
    sums.set(epoch, (sums.get(epoch) ?? 0) + Math.round(amount * 2 ** age * 65_536))
  }
  const newest = Math.max(...sums.keys())
  const kept = [...sums].filter(([epoch]) => epoch > newest - KEPT_EPOCHS)
  return Object.fromEntries(kept.map(([epoch, sum]) => [String(epoch), sum]))
}

function rowsOf<T>(
  deltas: readonly Delta[],
  rowOf: (some: readonly Delta[]) => { value: T; isOverflowed: boolean },
): Map<string, Row<T>> {
  const rows = new Map<string, Row<T>>()
  for (const [itemId, some] of groups(deltas, one => one.itemId))
    rows.set(itemId, { newestMs: some.reduce((newest, one) => Math.max(newest, one.atMs), 0), ...rowOf(some) })
  return rows
}

function groups(deltas: readonly Delta[], keyOf: (delta: Delta) => string): Map<string, Delta[]> {
  const byKey = new Map<string, Delta[]>()
  for (const delta of deltas) {
    const group = byKey.get(keyOf(delta)) ?? []
    group.push(delta)
    byKey.set(keyOf(delta), group)
  }
  return byKey
}

/** fromEntries, so that an id may be called `__proto__`. */
const mapped = <T>(byKey: ReadonlyMap<string, readonly Delta[]>, makeValue: (some: readonly Delta[]) => T) =>
  Object.fromEntries([...byKey].map(([key, some]) => [key, makeValue(some)]))
