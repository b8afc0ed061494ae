/**
 * One visitor as the list stage keeps them: the cold half of the profile, and over it what the hot half has told since.
 * A touch of the hot half stays until a cold record covers its offset, so nothing is lost between two cold records and
 * nothing counts twice. Memory of one visitor: 8 bytes an item of the profile (at most 200), 4 a bought item (at most
 * 1,000), 32 a touch (at most MAX_TOUCHES), 750 for the user vector and some
 * 1,000 beside once a list has been built. Measured at 40 items and 5 touches: 3.3 kB.
 */
import type { ItemIndex } from '../retrieval/item-index.ts'
import { UserVector } from '../retrieval/user-vector.ts'
import { dislikedWeight, likedWeight, mergeTouches } from './list-touch.ts'

/** Touches kept over the cold half, newest ones: the sessions of one coalescing interval of the profile, with room. */
export const MAX_TOUCHES = 64
/** Per touch: item number, code, event time in ms, source offset. */
export const TOUCH_FIELDS = 4
const NO_INTS = new Int32Array(0)

export class ListState {
  readonly visitor: string
  /** A number below the bound of visitors held, used again after eviction. */
  readonly slot: number
  /** Cold half, oldest interaction first: item number, code, and so on. */
  items: Int32Array = NO_INTS
  bought: Int32Array = NO_INTS
  /** Hot half, oldest first, TOUCH_FIELDS each, one an item. */
  touches = new Float64Array(0)
  /** Liked items of the running session, newest first. */
  session: Int32Array = NO_INTS
  /** Admitted positive events. */
  positives = 0
  country: string | null = null
  device: string | null = null
  /** Chosen at sign-up: numbers of categories. */
  preferred: Int32Array = NO_INTS
  homeCountry: string | null = null
  usualDevice: string | null = null
  /** Of the newest interaction known; −1, −1 and 0 where there is none. */
  partition = -1
  offset = -1
  appendedAtMs = 0
  /** Event time and item number of the last interaction that had a weight. */
  lastAtMs = 0
  lastItem = -1
  /** When its list was last built, 0 for never in this process. */
  builtAtMs = 0
  vector: UserVector | undefined

  constructor(visitor: string, slot: number) {
    this.visitor = visitor
    this.slot = slot
  }

  /** @returns where the item's touch begins, −1 where it has none */
  touchOf(item: number): number {
    for (let i = 0; i < this.touches.length; i += TOUCH_FIELDS) if (this.touches[i] === item) return i
    return -1
  }

  /** Calls `visit` for every item of the profile, newest interaction first, each once. */
  forEach(visit: (item: number, code: number) => void): void {
    for (let i = this.touches.length - TOUCH_FIELDS; i >= 0; i -= TOUCH_FIELDS) {
      visit(this.touches[i] as number, this.touches[i + 1] as number)
    }
    for (let i = this.items.length - 2; i >= 0; i -= 2) {
      const item = this.items[i] as number
      if (this.touches.length === 0 || this.touchOf(item) < 0) visit(item, this.items[i + 1] as number)
    }
  }

  /**
   * Puts the touches of a hot record over those that no cold record has covered yet.
   * @param latest - newest first, each item once; `offset` is of the record
   */
  touch(latest: readonly Touched[], offset: number, items: ItemIndex): void {
    const { touches } = this
    const next = new Float64Array(touches.length + latest.length * TOUCH_FIELDS)
    let length = 0
    for (let i = 0; i < touches.length; i += TOUCH_FIELDS) {
      if (isAmong(latest, touches[i] as number)) continue
      for (let f = 0; f < TOUCH_FIELDS; f++) next[length++] = touches[i + f] as number
    }
    for (let l = latest.length - 1; l >= 0; l--) {
      const { item, atMs, code } = latest[l] as Touched
      const at = this.touchOf(item)
      const before = at < 0 ? this.#coldCodeOf(item) : (touches[at + 1] as number)
      const merged = mergeTouches(before, code)
      const isKnown = at >= 0 && merged === before && atMs === touches[at + 2]
      next[length++] = item
      next[length++] = merged
      next[length++] = atMs
      next[length++] = isKnown ? (touches[at + 3] as number) : offset
      this.#moveVector(item, before, merged, items)
    }
    const tooMany = length - MAX_TOUCHES * TOUCH_FIELDS
    if (tooMany > 0) this.vector = undefined // what falls out may have been in the sums
    this.touches = next.slice(Math.max(0, tooMany), length)
  }

  /** Replaces the cold half by one that knows everything up to `offset`. */
  settle(cold: Int32Array, bought: Int32Array, offset: number): void {
    this.items = cold
    this.bought = bought
    this.vector = undefined // summed anew, which also ends the drift of the running sums
    const kept: number[] = []
    for (let i = 0; i < this.touches.length; i += TOUCH_FIELDS) {
      if ((this.touches[i + 3] as number) > offset) kept.push(...this.touches.subarray(i, i + TOUCH_FIELDS))
    }
    this.touches = Float64Array.from(kept)
  }

  /** @returns the user vector, summed anew only where the running one is void */
  userVector(items: ItemIndex): UserVector {
    if (this.vector?.revision === items.revision) return this.vector
    const vector = new UserVector(items.revision)
    this.forEach((item, code) => {
      vector.change(items.vectors.row(item), likedWeight(code), dislikedWeight(code))
    })
    this.vector = vector
    return vector
  }

  /** @returns the code of what the visitor did with the item as the cold half knows it, 0 for nothing */
  #coldCodeOf(item: number): number {
    for (let i = 0; i < this.items.length; i += 2) if (this.items[i] === item) return this.items[i + 1] as number
    return 0
  }

  #moveVector(item: number, before: number, after: number, items: ItemIndex): void {
    if (before === after || this.vector?.revision !== items.revision) return
    const liked = likedWeight(after) - likedWeight(before)
    this.vector.change(items.vectors.row(item), liked, dislikedWeight(after) - dislikedWeight(before))
  }
}

/** An item of the running session. */
export interface Touched {
  readonly item: number
  readonly atMs: number
  readonly code: number
}

/** A loop, since `some` costs several times as much on a few. */
function isAmong(touched: readonly Touched[], item: number): boolean {
  for (let i = 0; i < touched.length; i++) if ((touched[i] as Touched).item === item) return true
  return false
}
