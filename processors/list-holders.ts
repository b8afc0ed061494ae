/**
 * Who shows an item among the first places of their list, for the day the item is taken down. Every place is a node in a
 * doubly linked list of its item's holders, so that a new list costs as much as it differs from the one before, and an item
 * that is taken down costs as much as it has holders. Nobody is lost, but it is only known what was built in this process:
 * after a start, lists that have not been built again wait for the sweep, while the public `gone` set keeps the item from being
 * shown. Bound: 12 bytes a place, 240 a visitor, and 4 an item.
 */
import { ItemSet } from '../retrieval/item-set.ts'

/** Places of a visitor that count. */
export const PLACES = 20
const NONE = -1

export class ListHolders {
  /** By node, which is slot · PLACES and a place that stays the item's while the item stays, whatever its rank; NONE where free. */
  #items = nones(1_024 * PLACES)
  #next = nones(1_024 * PLACES)
  #previous = nones(1_024 * PLACES)
  /** First node by item. */
  #first = nones(1_024)
  readonly #fresh = new ItemSet()
  readonly #kept = new ItemSet()

  /**
   * @param slot - of the visitor
   * @param items - all that the visitor shows now: distinct, at most PLACES; none once the slot is free
   */
  set(slot: number, items: Int32Array): void {
    const begin = slot * PLACES
    const end = begin + PLACES
    if (end > this.#items.length) this.#grow(end)
    this.#fresh.clear()
    this.#kept.clear()
    for (let i = 0; i < items.length; i++) this.#fresh.add(items[i] as number)
    for (let node = begin; node < end; node++) {
      const item = this.#items[node] as number
      if (item === NONE) continue
      if (this.#fresh.has(item)) this.#kept.add(item)
      else this.#unlink(node, item)
    }
    let node = begin
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as number
      if (this.#kept.has(item)) continue
      while (this.#items[node] !== NONE) node++
      this.#link(node, item)
    }
  }

  /** Takes the item out of all places. @returns the slots that held it, each once */
  take(item: number): number[] {
    const slots: number[] = []
    for (let node = this.#first[item] ?? NONE; node !== NONE; node = this.#next[node] as number) {
      slots.push(Math.floor(node / PLACES))
      this.#items[node] = NONE
    }
    if (slots.length > 0) this.#first[item] = NONE
    return slots
  }

  #link(node: number, item: number): void {
    if (item >= this.#first.length) this.#first = grown(this.#first, item + 1)
    const next = this.#first[item] as number
    this.#items[node] = item
    this.#next[node] = next
    this.#previous[node] = NONE
    if (next !== NONE) this.#previous[next] = node
    this.#first[item] = node
  }

  #unlink(node: number, item: number): void {
    const next = this.#next[node] as number
    const previous = this.#previous[node] as number
    if (previous === NONE) this.#first[item] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
    this.#items[node] = NONE
  }

  #grow(size: number): void {
    this.#items = grown(this.#items, size)
    this.#next = grown(this.#next, size)
    this.#previous = grown(this.#previous, size)
  }
}

const nones = (length: number): Int32Array<ArrayBuffer> => new Int32Array(length).fill(NONE)

function grown(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const next = nones(Math.max(size, 2 * old.length))
  next.set(old)
  return next
}
