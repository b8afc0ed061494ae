/**
 * Who shows an item among the first places of their list: postings from item to visitor slots, for the day the item is
 * taken down. Entries that are no longer true are thrown out when a row is full, and checked when it is read. Bound: rows
 * double to MAX_HOLDERS; beyond that a new holder overwrites an old one, who then waits for the sweep, while the public
 * `gone` set already keeps the item from being shown.
 */
import type { ListState } from './list-state.ts'
import type { ListVisitors } from './list-visitors.ts'

export const MAX_HOLDERS = 4_096
const FIRST_ROW = 4

interface Row {
  slots: Int32Array<ArrayBuffer>
  count: number
  /** Overwritten next, while the row is full; when it comes round to 0 the row is gone through for room again. */
  next: number
}

export class ListHolders {
  readonly #rows = new Map<number, Row>()
  readonly #visitors: ListVisitors
  readonly #max: number
  /** Marks the visitors already met while a row is gone through. */
  #round = 0

  /** @param max - holders kept of an item, a power of two from 4 on */
  constructor(visitors: ListVisitors, max = MAX_HOLDERS) {
    this.#visitors = visitors
    this.#max = max
  }

  /** @returns true where an older holder was lost for it */
  add(item: number, slot: number): boolean {
    let row = this.#rows.get(item)
    if (row === undefined) {
      row = { slots: new Int32Array(FIRST_ROW), count: 0, next: 0 }
      this.#rows.set(item, row)
    }
    if (row.count === row.slots.length && row.next === 0) this.#makeRoom(item, row)
    if (row.count < row.slots.length) {
      row.slots[row.count++] = slot
      return false
    }
    row.slots[row.next] = slot
    row.next = (row.next + 1) % row.slots.length
    return true
  }

  /** Empties the item's row. @returns the visitors who hold the item now, each once */
  take(item: number): string[] {
    const row = this.#rows.get(item)
    if (row === undefined) return []
    this.#rows.delete(item)
    const holders = new Set<string>()
    for (let i = 0; i < row.count; i++) {
      const state = this.#visitors.at(row.slots[i] as number)
      if (state && holds(state, item)) holders.add(state.visitor)
    }
    return [...holders]
  }

  #makeRoom(item: number, row: Row): void {
    const full = row.count
    row.count = 0
    this.#round++
    for (let i = 0; i < full; i++) {
      const slot = row.slots[i] as number
      const state = this.#visitors.at(slot)
      if (state === undefined || state.holderRound === this.#round || !holds(state, item)) continue
      state.holderRound = this.#round
      row.slots[row.count++] = slot
    }
    if (row.count <= row.slots.length / 2 || row.slots.length >= this.#max) return
    const slots = new Int32Array(row.slots.length * 2)
    slots.set(row.slots)
    row.slots = slots
  }
}

/** A loop, since `includes` costs four times as much on twenty numbers. */
function holds({ top }: ListState, item: number): boolean {
  for (let i = 0; i < top.length; i++) if (top[i] === item) return true
  return false
}
