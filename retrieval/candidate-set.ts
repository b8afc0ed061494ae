/**
 * Scores of candidates, added up by item: a sparse set (Briggs and Torczon 1993) with its values in dense arrays, so that
 * emptying costs nothing and no object is made per candidate. Items that may not be shown are turned away at the first
 * touch. Each candidate keeps the three items that gave it most, which is what an explanation needs.
 */
import type { ItemSet } from './item-set.ts'

export const MAX_BECAUSE = 3
const FIRST_CAPACITY = 1_024

/** Says which items may be candidates. */
export interface Admission {
  readonly blocked: ItemSet
  isServable(item: number): boolean
}

export class CandidateSet {
  /** By slot 0..count−1. */
  items = new Int32Array(FIRST_CAPACITY)
  scores = new Float32Array(FIRST_CAPACITY)
  /** The same memory as `scores`: their floats as integers. */
  bits = new Int32Array(this.scores.buffer)
  /** MAX_BECAUSE a slot, greatest part first, −1 where there are fewer. */
  because = new Int32Array(FIRST_CAPACITY * MAX_BECAUSE)
  /** What each of `because` gave, in its order; undefined where there is none. */
  parts = new Float32Array(FIRST_CAPACITY * MAX_BECAUSE)
  #slots = new Int32Array(FIRST_CAPACITY)
  #admission: Admission
  count = 0

  constructor(admission: Admission) {
    this.#admission = admission
  }

  clear(): void {
    this.count = 0
  }

  /** @returns the item's slot, −1 where it is not in the set */
  slotOf(item: number): number {
    const slot = this.#slots[item]
    return slot !== undefined && slot < this.count && this.items[slot] === item ? slot : -1
  }

  /**
   * @param score - above 0
   * @param because - the visitor's item that leads here, −1 for none
   * @returns the slot, −1 where the item may not be shown
   */
  add(item: number, score: number, because: number): number {
    const slot = this.slotOf(item)
    if (slot >= 0) {
      this.scores[slot] = (this.scores[slot] as number) + score
      if (because >= 0) this.credit(slot, because, score)
      return slot
    }
    if (this.#admission.blocked.has(item) || !this.#admission.isServable(item)) return -1
    return this.insert(item, score, because)
  }

  /** Takes `amount` from an item that is in the set; others stay out. */
  lower(item: number, amount: number): void {
    const slot = this.slotOf(item)
    if (slot >= 0) this.scores[slot] = (this.scores[slot] as number) - amount
  }

  /**
   * Adds an item that is not in the set and is known to be one that may be shown.
   * @param because - as for {@link add}
   * @returns the slot
   */
  insert(item: number, score: number, because: number): number {
    if (item >= this.#slots.length) this.#slots = grown(this.#slots, item + 1)
    if (this.count === this.items.length) this.#double()
    const slot = this.count++
    this.#slots[item] = slot
    this.items[slot] = item
    this.scores[slot] = score
    const first = slot * MAX_BECAUSE
    this.because[first] = because
    this.because[first + 1] = -1
    this.because[first + 2] = -1
    this.parts[first] = score
    return slot
  }

  /**
   * Notes that `part` of the slot's score comes from `because`, an item number. Parts of one item add up while it is among
   * the three, which stay in order of their parts, greatest first.
   */
  credit(slot: number, because: number, part: number): void {
    const { because: items, parts } = this
    const start = slot * MAX_BECAUSE
    let at = start
    while (at < start + MAX_BECAUSE && items[at] !== because && items[at] !== -1) at++
    if (at === start + MAX_BECAUSE) {
      at--
      if (part <= (parts[at] as number)) return
      parts[at] = 0
    }
    const sum = part + (items[at] === because ? (parts[at] as number) : 0)
    while (at > start && (parts[at - 1] as number) < sum) {
      items[at] = items[at - 1] as number
      parts[at] = parts[at - 1] as number
      at--
    }
    items[at] = because
    parts[at] = sum
  }

  #double(): void {
    const length = this.items.length * 2
    this.items = grown(this.items, length)
    const scores = new Float32Array(length)
    scores.set(this.scores)
    this.scores = scores
    this.bits = new Int32Array(scores.buffer)
    this.because = grown(this.because, length * MAX_BECAUSE)
    const parts = new Float32Array(length * MAX_BECAUSE)
    parts.set(this.parts)
    this.parts = parts
  }
}

function grown(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  let length = old.length
  while (length < size) length *= 2
  const next = new Int32Array(length)
  next.set(old)
  return next
}
