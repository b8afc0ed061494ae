/** Time as the runtime sees it, so that a test can turn it by hand. Only V stages and commit timing look at it. */
export interface Clock {
  /** ms since the epoch */
  now(): number
  /** Resolves when `ms` have passed. */
  wait(ms: number): Promise<void>
  /** Calls `work` every `ms` until the returned function is called. */
  every(ms: number, work: () => void): () => void
}

/** Calls `work` once when `ms` have passed, unless the returned function was called before. @param ms - above 0 */
export function after(clock: Clock, ms: number, work: () => void): () => void {
  const stop = clock.every(ms, () => {
    stop()
    work()
  })
  return stop
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: ms => new Promise(resolve => setTimeout(resolve, ms)),
  every(ms, work) {
    const timer = setInterval(work, ms)
    return () => clearInterval(timer)
  },
}

/** A clock that stands still until {@link HandClock.advance}. */
export class HandClock implements Clock {
  #nowMs: number
  readonly #due: { atMs: number; work: () => void }[] = []

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  wait(ms: number): Promise<void> {
    return new Promise(resolve => this.#due.push({ atMs: this.#nowMs + ms, work: resolve }))
  }

  every(ms: number, work: () => void): () => void {
    let isOn = true
    const again = () => {
      if (!isOn) return
      work()
      this.#due.push({ atMs: this.#nowMs + ms, work: again })
    }
    this.#due.push({ atMs: this.#nowMs + ms, work: again })
    return () => {
      isOn = false
    }
  }

  /** Moves the clock on, calling what falls due in order of time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      let next = -1
      this.#due.forEach((one, index) => {
        if (one.atMs <= endMs && (next < 0 || one.atMs < (this.#due[next]?.atMs ?? 0))) next = index
      })
      if (next < 0) break
      const [one] = this.#due.splice(next, 1)
      if (!one) break
      this.#nowMs = Math.max(this.#nowMs, one.atMs)
      one.work()
    }
    this.#nowMs = endMs
  }
}
