/**
 * Which rows show an item among their first places, for the day it is taken down. Entries that are no longer true are thrown out
 * when an item's list has doubled, so there are never more than twice as many as true ones and eight an item.
 */
const FIRST_LIMIT = 8

export class RelatedHolders {
  readonly #byItem = new Map<number, { rows: number[]; limit: number }>()
  readonly #holds: (row: number, item: number) => boolean

  /** @param holds - whether the row shows the item now */
  constructor(holds: (row: number, item: number) => boolean) {
    this.#holds = holds
  }

  add(item: number, row: number): void {
    let held = this.#byItem.get(item)
    if (!held) {
      held = { rows: [], limit: FIRST_LIMIT }
      this.#byItem.set(item, held)
    }
    held.rows.push(row)
    if (held.rows.length < held.limit) return
    held.rows = this.#true(held.rows, item)
    held.limit = 2 * held.rows.length + FIRST_LIMIT
  }

  /** @returns the rows that show the item, each once; they are forgotten here */
  take(item: number): number[] {
    const held = this.#byItem.get(item)
    this.#byItem.delete(item)
    return held ? this.#true(held.rows, item) : []
  }

  #true(rows: readonly number[], item: number): number[] {
    return [...new Set(rows)].filter(row => this.#holds(row, item))
  }
}
