/**
 * The visitors that one task of the list stage holds, most recently active first. Bound: `maxVisitors`; beyond it the one
 * idle for longest is forgotten. Their list stays where it is; when they come back it is built from the hot half of their
 * profile until the next cold record, some seconds later, and the sweep does not reach them until then.
 */
import { ListState } from './list-state.ts'

interface Seat {
  readonly state: ListState
  newer: Seat | undefined
  older: Seat | undefined
}

/** Looked at by one call of {@link ListVisitors.stale}, so that a call is cheap however many are held. */
const MAX_LOOKED_AT = 256

export class ListVisitors {
  readonly #seats = new Map<string, Seat>()
  readonly #slots: (ListState | undefined)[] = []
  readonly #free: number[] = []
  readonly #max: number
  #newest: Seat | undefined
  #oldest: Seat | undefined
  /** Where the sweep goes on. */
  #cursor: Seat | undefined

  /** @param maxVisitors - ≥ 1 */
  constructor(maxVisitors: number) {
    this.#max = maxVisitors
  }

  get size(): number {
    return this.#seats.size
  }

  get(visitor: string): ListState | undefined {
    return this.#seats.get(visitor)?.state
  }

  /** @returns the state in this slot now; undefined where it is free */
  at(slot: number): ListState | undefined {
    return this.#slots[slot]
  }

  /** @returns the visitor's state, new where there was none; they are the most recently active now */
  touch(visitor: string): { state: ListState; evicted: boolean } {
    const seat = this.#seats.get(visitor)
    if (seat !== undefined) {
      if (seat !== this.#newest) {
        this.#unlink(seat)
        this.#linkNewest(seat)
      }
      return { state: seat.state, evicted: false }
    }
    const evicted = this.#seats.size >= this.#max
    if (evicted && this.#oldest) this.forget(this.#oldest.state.visitor)
    const slot = this.#free.pop() ?? this.#slots.length
    const state = new ListState(visitor, slot)
    this.#slots[slot] = state
    const fresh: Seat = { state, newer: undefined, older: undefined }
    this.#seats.set(visitor, fresh)
    this.#linkNewest(fresh)
    return { state, evicted }
  }

  forget(visitor: string): void {
    const seat = this.#seats.get(visitor)
    if (seat === undefined) return
    this.#unlink(seat)
    this.#seats.delete(visitor)
    this.#slots[seat.state.slot] = undefined
    this.#free.push(seat.state.slot)
  }

  /**
   * Goes on where the last call stopped, from the most recently active on, and begins anew at the end.
   * @returns a visitor whose list was built before `beforeMs`, undefined where none was among those looked at
   */
  stale(beforeMs: number): string | undefined {
    for (let looked = 0; looked < MAX_LOOKED_AT; looked++) {
      const seat = this.#cursor ?? this.#newest
      if (seat === undefined) return undefined
      this.#cursor = seat.older
      if (seat.state.builtAtMs < beforeMs) return seat.state.visitor
      if (this.#cursor === undefined) return undefined
    }
    return undefined
  }

  #linkNewest(seat: Seat): void {
    seat.older = this.#newest
    seat.newer = undefined
    if (this.#newest) this.#newest.newer = seat
    this.#newest = seat
    this.#oldest ??= seat
  }

  #unlink(seat: Seat): void {
    if (this.#cursor === seat) this.#cursor = seat.older
    if (seat.newer) seat.newer.older = seat.older
    else this.#newest = seat.older
    if (seat.older) seat.older.newer = seat.newer
    else this.#oldest = seat.newer
    seat.newer = undefined
    seat.older = undefined
  }
}
