/**
 * Where each neighbour of a row stands, and which one weighs least. Kept for the newest version of a row; a version that is
 * gone back to is looked through again. What a step returns does not depend on it.
 */
import type { NeighbourPage } from '../schemas/neighbour-page.ts'
import { weightOf } from './neighbour-columns.ts'

type Pages = readonly NeighbourPage[]

export const PAGE_SLOTS = 16
/** Rows up to this length are scanned: as fast as a map, and most rows are short. */
const SCAN_PAGES = 4
const MAX_INDEXES = 16_384

/** The indexes of long rows, by row. Bound: 16,384 rows, the one indexed first makes room. */
export class RowIndexes {
  readonly #byRow = new Map<string, RowIndex>()

  /** @returns the index of this version of the row; undefined where it is short enough to do without */
  of(row: string, pages: Pages): RowIndex | undefined {
    if (pages.length <= SCAN_PAGES) return undefined
    const known = this.#byRow.get(row)
    if (known?.describes === pages) return known
    const index = new RowIndex(pages)
    if (!known && this.#byRow.size === MAX_INDEXES) this.#byRow.delete(this.#byRow.keys().next().value as string)
    this.#byRow.set(row, index)
    return index
  }
}

export class RowIndex {
  /** The version of the row that it speaks of. */
  describes: Pages
  readonly #places = new Map<string, number>()
  /** By page: its slot of least weight, −1 where that has to be found again; made when it is first asked for. */
  #least: Int32Array | undefined
  #leastWeights = new Float64Array(0)
  /** Epoch that weights are compared at: they all fade alike, and at the newest one they are far from overflow. */
  #reference = 0

  constructor(pages: Pages) {
    this.describes = pages
    pages.forEach((page, number) => {
      page.itemIds.forEach((itemId, slot) => {
        this.#places.set(itemId, number * PAGE_SLOTS + slot)
      })
    })
  }

  /** @returns the place of the neighbour, −1 where it has none */
  find(itemId: string): number {
    return this.#places.get(itemId) ?? -1
  }

  /** `itemId` stands at `at` now, in place of `before`. */
  replaced(at: number, itemId: string, before: string | undefined): void {
    if (before !== undefined) this.#places.delete(before)
    this.#places.set(itemId, at)
  }

  /** Something was added to an accumulator of `epoch` in the page. */
  changed(number: number, epoch: number): void {
    if (!this.#least) return
    if (epoch > this.#reference || number >= this.#least.length) this.#least = undefined
    else this.#least[number] = -1
  }

  /** @returns the place of least weight, of equal ones that of the smallest id; the weight's unit is the index's own */
  least(pages: Pages): { at: number; weight: number } {
    const least = this.#leastByPage(pages)
    let best = -1
    let weight = Number.POSITIVE_INFINITY
    for (let number = 0; number < pages.length; number++) {
      if ((least[number] as number) < 0) this.#findLeast(pages[number] as NeighbourPage, number, least)
      const at = least[number] as number
      const of = this.#leastWeights[number] as number
      if (best >= 0 && (of > weight || (of === weight && idAt(pages, at) > idAt(pages, best)))) continue
      best = at
      weight = of
    }
    return { at: best, weight }
  }

  #leastByPage(pages: Pages): Int32Array {
    if (this.#least) return this.#least
    this.#reference = pages.reduce((newest, page) => Math.max(newest, page.epochs.at(-1)?.epoch ?? 0), 0)
    this.#leastWeights = new Float64Array(pages.length)
    this.#least = new Int32Array(pages.length).fill(-1)
    return this.#least
  }

  #findLeast({ itemIds, epochs }: NeighbourPage, number: number, least: Int32Array): void {
    let best = 0
    let weight = weightOf(epochs, 0, this.#reference)
    for (let slot = 1; slot < itemIds.length; slot++) {
      const of = weightOf(epochs, slot, this.#reference)
      if (of > weight || (of === weight && (itemIds[slot] as string) > (itemIds[best] as string))) continue
      best = slot
      weight = of
    }
    least[number] = number * PAGE_SLOTS + best
    this.#leastWeights[number] = weight
  }
}

/** @param at - a place the row has */
const idAt = (pages: Pages, at: number): string =>
  (pages[Math.floor(at / PAGE_SLOTS)] as NeighbourPage).itemIds[at % PAGE_SLOTS] as string
