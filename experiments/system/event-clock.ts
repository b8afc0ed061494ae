/**
 * A clock that goes from event to event. Where it is moved over hours, a timer that would have rung many times rings once, as in a
 * process that slept: sweeps that find nothing to do need not be lived through.
 */
import type { Clock } from '../../topology/clock.ts'

interface Timer {
  atMs: number
  /** undefined rings once. */
  readonly everyMs: number | undefined
  readonly work: () => void
}

export class EventClock implements Clock {
  #nowMs: number
  readonly #timers = new Set<Timer>()

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  wait(ms: number): Promise<void> {
    return new Promise(resolve => this.#timers.add({ atMs: this.#nowMs + ms, everyMs: undefined, work: resolve }))
  }

  every(ms: number, work: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + ms, everyMs: ms, work }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** @param atMs - an earlier time than now leaves it where it is */
  moveTo(atMs: number): void {
    if (atMs <= this.#nowMs) return
    this.#nowMs = atMs
    const due = [...this.#timers].filter(timer => timer.atMs <= atMs).sort((a, b) => a.atMs - b.atMs)
    for (const timer of due) {
      if (!this.#timers.has(timer)) continue // stopped by one before it
      if (timer.everyMs === undefined) this.#timers.delete(timer)
      else timer.atMs = atMs + timer.everyMs
      timer.work()
    }
  }
}
