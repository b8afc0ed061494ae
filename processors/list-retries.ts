/**
 * Visitors whose list came out short, say because it was built before neighbours, trending or the catalogue were there: they
 * are due again after FIRST_PAUSE_MS, and then after twice the pause before, until the list is long enough, the pause would
 * reach the maximum age of a list, or the visitor does something. Bound: MAX_WAITING visitors; beyond it the sweep does it.
 */

/** A list of so many items is long enough. */
export const LONG_ENOUGH = 10
export const FIRST_PAUSE_MS = 1_000
export const MAX_WAITING = 10_000

export class ListRetries {
  /** By visitor, those who wait or are being built again: their pause, ms. */
  readonly #pauses = new Map<string, number>()
  /** By pause, in order of their due times, since all of one queue wait equally long: visitor → due time. */
  readonly #queues = new Map<number, Map<string, number>>()
  readonly #maxPauseMs: number

  /** @param maxPauseMs - a pause stays below it */
  constructor(maxPauseMs: number) {
    this.#maxPauseMs = maxPauseMs
  }

  get size(): number {
    return this.#pauses.size
  }

  /** Notes that the visitor's list has been built, and is short. */
  isShort(visitor: string, nowMs: number): void {
    const before = this.#pauses.get(visitor)
    this.forget(visitor)
    const pauseMs = before === undefined ? FIRST_PAUSE_MS : 2 * before
    if (pauseMs >= this.#maxPauseMs || this.#pauses.size >= MAX_WAITING) return
    this.#pauses.set(visitor, pauseMs)
    const queue = this.#queues.get(pauseMs) ?? new Map<string, number>()
    this.#queues.set(pauseMs, queue.set(visitor, nowMs + pauseMs))
  }

  /** The visitor's list is long enough, or they have done something: what was waited for is over. */
  forget(visitor: string): void {
    const pauseMs = this.#pauses.get(visitor)
    if (pauseMs === undefined) return
    this.#pauses.delete(visitor)
    this.#queues.get(pauseMs)?.delete(visitor)
  }

  /** @returns a visitor who is due, each once until they are {@link isShort} again; undefined where nobody is */
  due(nowMs: number): string | undefined {
    for (const queue of this.#queues.values()) {
      for (const [visitor, dueMs] of queue) {
        if (dueMs > nowMs) break
        queue.delete(visitor) // its pause stays, for the next time
        return visitor
      }
    }
    return undefined
  }
}
