/**
 * The neighbours of one item in one relation, in pages of 16 slots. A neighbour keeps its slot, also at a sum of 0, so a
 * row overflows exactly when more than `limit` distinct neighbours were ever named, in whatever order. From then on
 * Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005): the neighbour of least decayed weight, of equal ones that of the
 * smallest id, makes room for a new one, which takes its sums over and carries them as its error: what the
 * newcomer really weighs lies between sums − error and sums. A decrease of a neighbour without a slot is then left out.
 */
import type { NeighbourPage } from '../schemas/neighbour-page.ts'
import type { EpochSum, NeighbourSlot } from '../schemas/neighbours.ts'
import { sumsOf, withSums, withUnits } from './neighbour-columns.ts'
import { PAGE_SLOTS, RowIndex } from './neighbour-row-index.ts'
import { withValueAt } from './ring.ts'

type Pages = readonly NeighbourPage[]

export interface RowDelta {
  readonly itemId: string
  /** What it adds to the accumulator of the epoch; not 0. */
  readonly units: number
}

export interface RowChange {
  /** Pages that nothing was added to are the same by identity. */
  readonly pages: Pages
  /** Neighbours that had to make room. */
  readonly replaced: number
}

/**
 * @param index - of `pages`, or undefined to scan them; it speaks of the next pages afterwards
 * @param atMs - event time of all deltas, which lies in `epoch`
 * @param limit - most neighbours of a row, ≥ 1
 */
export function addToRow(
  pages: Pages,
  index: RowIndex | undefined,
  deltas: readonly RowDelta[],
  epoch: number,
  atMs: number,
  limit: number,
): RowChange {
  const next = pages.slice()
  let count = slotCount(pages)
  let replaced = 0
  for (const { itemId, units } of deltas) {
    const at = index ? index.find(itemId) : scan(next, itemId)
    if (at >= 0) {
      add(at, units)
    } else if (count < limit) {
      name(count, itemId)
      add(count++, units)
    } else if (units > 0) {
      const least = (index ?? new RowIndex(next)).least(next)
      const page = name(least.at, itemId)
      const slot = least.at % PAGE_SLOTS
      if (least.weight <= 0) page.epochs = withSums(page.epochs, slot, []) // a debt is not handed on
      page.errors = withSums(page.errors, slot, sumsOf(page.epochs, slot))
      page.overflowed = true
      add(least.at, units)
      replaced++
    } else if (!hasOverflowed(next)) {
      pageAt(0).overflowed = true
    }
  }
  if (index) index.describes = next
  return { pages: next, replaced }

  function add(at: number, units: number): void {
    const number = Math.floor(at / PAGE_SLOTS)
    const { epochs = [] } = next[number] ?? {}
    const added = withUnits(epochs, at % PAGE_SLOTS, epoch, units)
    if (added === epochs) return // too late to count
    const page = pageAt(number)
    page.epochs = added
    page.newestMs = Math.max(page.newestMs, atMs)
    index?.changed(number, epoch)
  }

  function name(at: number, itemId: string): NeighbourPage {
    const page = pageAt(Math.floor(at / PAGE_SLOTS))
    index?.replaced(at, itemId, page.itemIds[at % PAGE_SLOTS])
    page.itemIds = withValueAt(page.itemIds, at % PAGE_SLOTS, itemId)
    return page
  }

  /** A page that is in `next` alone, whose fields may be set until that is returned. */
  function pageAt(number: number): NeighbourPage {
    const page = next[number]
    if (page !== undefined && page !== pages[number]) return page
    const { newestMs = 0, overflowed = false, itemIds = [], epochs = [], errors = [] } = page ?? {}
    const own = { newestMs, overflowed, itemIds, epochs, errors }
    next[number] = own
    return own
  }
}

/** @returns whether a neighbour of the row was ever turned away */
export const hasOverflowed = (pages: Pages): boolean => pages.some(page => page.overflowed)

/** @returns newest event time counted, 0 for an empty row */
export const newestOf = (pages: Pages): number => pages.reduce((newest, page) => Math.max(newest, page.newestMs), 0)

/** @returns the neighbours whose sums are not all taken back */
export function slotsOf(pages: Pages): NeighbourSlot[] {
  const slots: NeighbourSlot[] = []
  for (const { itemIds, epochs, errors } of pages)
    itemIds.forEach((itemId, slot) => {
      const sums = sumsOf(epochs, slot)
      if (sums.length > 0) slots.push({ itemId, sums, error: sumsOf(errors, slot) })
    })
  return slots
}

/** @returns the same for every order of arrival, as long as the row has not overflowed */
export const canonicalRow = (pages: Pages): [itemId: string, sums: [epoch: number, sum: number][]][] =>
  slotsOf(pages)
    .map(({ itemId, sums }): [string, [number, number][]] => [itemId, canonicalSums(sums)])
    .sort(([a], [b]) => (a < b ? -1 : 1))

export const canonicalSums = (sums: readonly EpochSum[]): [epoch: number, sum: number][] =>
  sums.map(({ epoch, sum }) => [epoch, sum])

const slotCount = (pages: Pages): number =>
  pages.length === 0 ? 0 : (pages.length - 1) * PAGE_SLOTS + (pages.at(-1) as NeighbourPage).itemIds.length

function scan(pages: Pages, itemId: string): number {
  for (let number = 0; number < pages.length; number++) {
    const slot = (pages[number] as NeighbourPage).itemIds.indexOf(itemId)
    if (slot >= 0) return number * PAGE_SLOTS + slot
  }
  return -1
}
