/**
 * The counters of items, told again: plain sums by item, counter, neighbour or cell, and epoch. A finished row
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

/** Adds delta after delta, in any order; of an overflowed row only that it is one is kept. */
export class CountersRecount {
  readonly #options: FoldOptions
  readonly #neighbours: Readonly<Record<Relation, Map<string, OpenRow>>>
  readonly #popularity = new Map<string, OpenRow>()
  readonly #statistics = new Map<string, OpenStatistics>()

  constructor(options: FoldOptions) {
    this.#options = options
    this.#neighbours = { 'viewed-with': new Map(), next: new Map(), 'bought-with': new Map() }
  }

  add(delta: Delta): void {
    const { pairHalfLifeMs, popularHalfLifeMs, trendingHalfLifeMs, maxNeighbours } = this.#options
    const { counter, itemId, other, amount, atMs } = delta
    if (counter === 'popularity') {
      const row = rowOf(this.#popularity, itemId, newRow, atMs)
      addTo(row, other, [popularHalfLifeMs, trendingHalfLifeMs], delta)
      const known = row.cells.size - (row.cells.has('|') ? 1 : 0)
      if (known > KNOWN_CELLS) overflow(row)
    } else if (counter === 'count' || counter === 'viewed-norm' || counter === 'bought-norm') {
      const row = rowOf(this.#statistics, itemId, newStatistics, atMs)
      if (counter === 'count') row.counts.set(other, (row.counts.get(other) ?? 0) + amount)
      else addUnits(counter === 'viewed-norm' ? row.viewedNorm : row.boughtNorm, delta, pairHalfLifeMs)
    } else {
      const row = rowOf(this.#neighbours[counter], itemId, newRow, atMs)
      addTo(row, other, [pairHalfLifeMs], delta)
      if (row.cells.size > maxNeighbours) overflow(row)
    }
  }

  neighbours(relation: Relation): Table<Row<Record<string, Sums>>> {
    return tableOf(this.#neighbours[relation], row => closed(row, ([sums]) => kept(sums as Units)))
  }

  popularity(): Table<Row<Record<string, Cell>>> {
    const cellOf = ([slow, fast]: Units[]) => ({ slow: kept(slow as Units), fast: kept(fast as Units) })
    return tableOf(this.#popularity, row => closed(row, cellOf))
  }

  statistics(): Table<Row<Statistics>> {
    return tableOf(this.#statistics, ({ newestMs, counts, viewedNorm, boughtNorm }) => ({
      newestMs,
      isOverflowed: false,
      value: { counts: Object.fromEntries(counts), viewedNorm: kept(viewedNorm), boughtNorm: kept(boughtNorm) },
    }))
  }
}

/** Rows made when they are asked for. */
export interface Table<T> {
  keys(): Iterable<string>
  has(key: string): boolean
  get(key: string): T | undefined
}

export function recountCounters(deltas: readonly Delta[], options: FoldOptions): Counters {
  const recount = new CountersRecount(options)
  for (const delta of deltas) recount.add(delta)
  const whole = <T>(table: Table<T>) => new Map(Array.from(table.keys(), key => [key, table.get(key) as T]))
  return {
    neighbours: {
      'viewed-with': whole(recount.neighbours('viewed-with')),
      next: whole(recount.neighbours('next')),
      'bought-with': whole(recount.neighbours('bought-with')),
    },
    popularity: whole(recount.popularity()),
    statistics: whole(recount.statistics()),
  }
}

// --------------------------------------------------------------------------------------------------- rows being added to

/** Epoch → sum. Epochs begin at e · 8 h. */
type Units = Map<number, number>
interface OpenRow {
  newestMs: number
  isOverflowed: boolean
  /** By neighbour or cell: a sum for each half-life. */
  readonly cells: Map<string, Units[]>
}
interface OpenStatistics {
  newestMs: number
  readonly counts: Map<string, number>
  readonly viewedNorm: Units
  readonly boughtNorm: Units
}

const newRow = (): OpenRow => ({ newestMs: 0, isOverflowed: false, cells: new Map() })
const newStatistics = (): OpenStatistics => ({
  newestMs: 0,
  counts: new Map(),
  viewedNorm: new Map(),
  boughtNorm: new Map(),
})

function rowOf<T extends { newestMs: number }>(rows: Map<string, T>, key: string, make: () => T, atMs: number): T {
  const row = rows.get(key) ?? make()
  rows.set(key, row)
  row.newestMs = Math.max(row.newestMs, atMs)
  return row
}

function addTo(row: OpenRow, cell: string, halfLivesMs: readonly number[], delta: Delta): void {
  if (row.isOverflowed) return
  const sums = row.cells.get(cell) ?? halfLivesMs.map((): Units => new Map())
  row.cells.set(cell, sums)
  for (const [index, halfLifeMs] of halfLivesMs.entries()) addUnits(sums[index] as Units, delta, halfLifeMs)
}

function overflow(row: OpenRow): void {
  row.isOverflowed = true
  row.cells.clear()
}

function addUnits(sums: Units, { amount, atMs }: Delta, halfLifeMs: number): void {
  const epoch = Math.floor(atMs / (8 * halfLifeMs))
  const age = (atMs - 8 * halfLifeMs * epoch) / halfLifeMs
  sums.set(epoch, (sums.get(epoch) ?? 0) + Math.round(amount * 2 ** age * 65_536))
}

/** The newest eight epochs stay. */
function kept(sums: Units): Sums {
  const newest = Math.max(...sums.keys())
  return Object.fromEntries([...sums].filter(([epoch]) => epoch > newest - KEPT_EPOCHS))
}

/** fromEntries, so that an id may be called `__proto__`. */
function closed<T>({ newestMs, isOverflowed, cells }: OpenRow, make: (sums: Units[]) => T): Row<Record<string, T>> {
  return { newestMs, isOverflowed, value: Object.fromEntries(Array.from(cells, ([key, sums]) => [key, make(sums)])) }
}

function tableOf<O, T>(rows: ReadonlyMap<string, O>, close: (row: O) => T): Table<T> {
  return {
    keys: () => rows.keys(),
    has: key => rows.has(key),
    get: key => {
      const row = rows.get(key)
      return row && close(row)
    },
  }
}
