/** Rows of the item stage's stores in the recount's plain form: slots and cells by name, sums by epoch. */
import type { CataloguedItem } from '../schemas/catalogued-item.ts'
import type { ItemStatistics } from '../schemas/item-statistics.ts'
import type { NeighbourPage } from '../schemas/neighbour-page.ts'
import type { EpochSum } from '../schemas/neighbours.ts'
import type { PopularityPage } from '../schemas/popularity-page.ts'
import type { Cell, Row, Statistics, Sums } from './counters.ts'

const sumsOf = (sums: readonly EpochSum[]): Sums => Object.fromEntries(sums.map(one => [String(one.epoch), one.sum]))
const summary = (pages: readonly { newestMs: number; overflowed: boolean }[]) => ({
  newestMs: Math.max(0, ...pages.map(page => page.newestMs)),
  isOverflowed: pages.some(page => page.overflowed),
})

export function neighbourRowOf({ pages }: { pages: readonly NeighbourPage[] }): Row<Record<string, Sums>> {
  const value: Record<string, Sums> = Object.create(null)
  for (const { itemIds, epochs } of pages)
    itemIds.forEach((itemId, slot) => {
      const sums = epochs.map(column => ({ epoch: column.epoch, sum: column.sums[slot] ?? 0 }))
      value[itemId] = sumsOf(sums.filter(one => one.sum !== 0))
    })
  return { ...summary(pages), value: { ...value } }
}

export function popularityRowOf({ pages }: { pages: readonly PopularityPage[] }): Row<Record<string, Cell>> {
  const cells = pages.flatMap(page => page.cells)
  return {
    ...summary(pages),
    value: Object.fromEntries(
      cells.map(({ country, device, slow, fast }) => [
        `${country}|${device}`,
        { slow: sumsOf(slow), fast: sumsOf(fast) },
      ]),
    ),
  }
}

export interface FeatureState {
  readonly facts: CataloguedItem | undefined
  readonly statistics: ItemStatistics | undefined
}
export function statisticsOf({ statistics }: FeatureState): Row<Statistics> | undefined {
  if (!statistics) return undefined
  const { newestMs, counts, viewedNorm, boughtNorm } = statistics
  const value = { counts, viewedNorm: sumsOf(viewedNorm), boughtNorm: sumsOf(boughtNorm) }
  return { newestMs, isOverflowed: false, value }
}
