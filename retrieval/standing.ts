/**
 * Whether an item may be shown, by item number. A shop that never sent a catalogue gets its lists all the same: as long as no item has
 * facts, every item may be shown; from the first catalogue record on, only available ones with facts.
 * Bound: one byte an item.
 */
import type { Item } from '../schemas/item.ts'

const UNKNOWN = 0
const TAKEN_DOWN = 1
const AVAILABLE = 2

export class Standing {
  #catalogued = 0
  #standing = new Uint8Array(1_024)

  /** @param item - null where the catalogue does not know it */
  set(index: number, item: Item | null): void {
    if (index >= this.#standing.length) {
      const grown = new Uint8Array(Math.max(index + 1, 2 * this.#standing.length))
      grown.set(this.#standing)
      this.#standing = grown
    }
    const was = this.#standing[index]
    this.#standing[index] = item === null ? UNKNOWN : item.available ? AVAILABLE : TAKEN_DOWN
    this.#catalogued += (item === null ? 0 : 1) - (was === UNKNOWN ? 0 : 1)
  }

  /** @param index - of an item, known or not */
  isServable(index: number): boolean {
    const standing = this.#standing[index] ?? UNKNOWN
    return standing === AVAILABLE || (standing === UNKNOWN && this.#catalogued === 0)
  }
}
