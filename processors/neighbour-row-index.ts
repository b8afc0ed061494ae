/**
 * Where each neighbour of a row stands, and which one has the smallest weight. Kept beside a row and handed on to its next
 * version; a version that is gone back to has none and is looked through again. What a step returns never depends on it.
 * Bound: one entry a slot, for rows longer than {@link SCAN_PAGES} pages only; it goes when its row does.
 */
import type { NeighbourPage, NeighbourSlot } from '../schemas/neighbour-page.ts'
import type { EpochSum } from '../schemas/neighbours.ts'
import { HALF_LIVES_AN_EPOCH } from './decay.ts'

type Pages = readonly NeighbourPage[]

export const PAGE_SLOTS = 16
/** Rows up to this length are scanned: faster than a map, and most rows are short. */
const SCAN_PAGES = 2

const indexes = new WeakMap<Pages, RowIndex>()

/** @returns the index of this version of the row, made where there is none; undefined for a short row */
export function indexOf(pages: Pages): RowIndex | undefined {
  if (pages.length <= SCAN_PAGES) return undefined
  return indexes.get(pages) ?? new RowIndex(pages)
}

/** The index now describes `next`, and `last` has none any more. */
export function moveIndex(index: RowIndex, last: Pages, next: Pages): void {
  indexes.delete(last)
  indexes.set(next, index)
}

export class RowIndex {
  readonly #places = new Map<string, number>()
  /** Weight by slot, in units of the epoch `#reference`; made when it is first asked for. */
  #weights: Float64Array | undefined
  #reference = 0
  /** By page: the slot of least weight, −1 where it has to be found again. */
  #least = new Int32Array(0)

  constructor(pages: Pages) {
    pages.forEach((page, number) => {
      page.slots.forEach((slot, i) => {
        this.#places.set(slot.itemId, number * PAGE_SLOTS + i)
      })
    })
  }

  /** @returns the slot of the neighbour, −1 where it has none */
  find(itemId: string): number {
    return this.#places.get(itemId) ?? -1
  }

  /** Slot `at` holds `slot` now, where `before` stood or nothing. */
  changed(at: number, slot: NeighbourSlot, before: NeighbourSlot | undefined): void {
    if (before?.itemId !== slot.itemId) {
      if (before) this.#places.delete(before.itemId)
      this.#places.set(slot.itemId, at)
    }
    if (!this.#weights) return
    const epoch = slot.sums.at(-1)?.epoch ?? 0
    if (at >= this.#weights.length || epoch > this.#reference) this.#weights = undefined
    else {
      this.#weights[at] = weightOf(slot.sums, this.#reference)
      this.#least[Math.floor(at / PAGE_SLOTS)] = -1
    }
  }

  /** @returns the slot of least weight, of equal ones that of the smallest id, and its weight; only the sign of that is absolute */
  least(pages: Pages): { at: number; weight: number } {
    const weights = this.#weightsOf(pages)
    let best = 0
    for (let number = 0; number < pages.length; number++) {
      const at = this.#leastOfPage(pages, number, weights)
      if (number === 0 || isLess(pages, weights, at, best)) best = at
    }
    return { at: best, weight: weights[best] as number }
  }

  #leastOfPage(pages: Pages, number: number, weights: Float64Array): number {
    const known = this.#least[number] as number
    if (known >= 0) return known
    const first = number * PAGE_SLOTS
    const end = first + (pages[number] as NeighbourPage).slots.length
    let best = first
    for (let at = first + 1; at < end; at++) if (isLess(pages, weights, at, best)) best = at
    this.#least[number] = best
    return best
  }

  /** All weights fade alike, so any common moment ranks them the same; at the newest epoch they are far from overflow. */
  #weightsOf(pages: Pages): Float64Array {
    if (this.#weights) return this.#weights
    const slots = pages.flatMap(page => page.slots)
    this.#reference = slots.reduce((newest, slot) => Math.max(newest, slot.sums.at(-1)?.epoch ?? 0), 0)
    this.#weights = Float64Array.from(slots, slot => weightOf(slot.sums, this.#reference))
    this.#least = new Int32Array(pages.length).fill(-1)
    return this.#weights
  }
}

function weightOf(sums: readonly EpochSum[], reference: number): number {
  let weight = 0
  for (const { epoch, sum } of sums) weight += sum * 2 ** (HALF_LIVES_AN_EPOCH * (epoch - reference))
  return weight
}

function isLess(pages: Pages, weights: Float64Array, at: number, other: number): boolean {
  const difference = (weights[at] as number) - (weights[other] as number)
  return difference < 0 || (difference === 0 && slotAt(pages, at).itemId < slotAt(pages, other).itemId)
}

/** @param at - of a slot the row has */
export const slotAt = (pages: Pages, at: number): NeighbourSlot =>
  (pages[Math.floor(at / PAGE_SLOTS)] as NeighbourPage).slots[at % PAGE_SLOTS] as NeighbourSlot
