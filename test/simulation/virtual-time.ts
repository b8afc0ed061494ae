/**
 * The event loop of a simulation. Time stands still while there is anything to do, then jumps to the next timer. Clocks,
 * timers and randomness of the whole thread are put in its hand, so that nothing in a run depends on the machine.
 */
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers/promises'
import { hashOf } from './random.ts'

interface Timer {
  readonly atMs: number
  readonly seq: number
  readonly work: () => void
  isCancelled: boolean
}

const nativeImmediate = setImmediate

export class VirtualTime {
  #nowMs = 0
  #seq = 0
  #heap: Timer[] = []
  #immediates = 0
  /** What the program believes to have computed for; moves with every look at it. */
  #cpuMs = 0
  #seed = 0
  #draws = 0

  /** A fresh run: no timer, the same numbers for the same seed. */
  reset(startMs: number, seed: number): void {
    this.#nowMs = startMs
    this.#seq = 0
    this.#heap = []
    this.#cpuMs = 0
    this.#seed = seed
    this.#draws = 0
  }

  /** ms since the epoch, with a fraction. */
  get nowMs(): number {
    return this.#nowMs
  }

  get timers(): number {
    return this.#heap.filter(timer => !timer.isCancelled).length
  }

  /** @returns a function that cancels it */
  after(ms: number, work: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), seq: this.#seq++, work, isCancelled: false }
    this.#push(timer)
    return () => {
      timer.isCancelled = true
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise(resolve => this.after(ms, resolve))
  }

  /** As a machine that sleeps: time has passed, and what fell due meanwhile is late. */
  skip(ms: number): void {
    this.#nowMs += ms
  }

  /** Goes on until `isDone`, which is asked whenever there is nothing to do at this instant. @returns false at the limit */
  async run(isDone: () => boolean, limitMs: number): Promise<boolean> {
    for (;;) {
      await this.turn()
      if (isDone()) return true
      const next = this.#pop()
      if (!next || next.atMs > limitMs) {
        if (next) this.#push(next)
        this.#nowMs = Math.max(this.#nowMs, limitMs)
        return false
      }
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.work()
      for (let same = this.#heap[0]; same && same.atMs <= next.atMs; same = this.#heap[0]) this.#pop()?.work()
    }
  }

  /** Lets everything run that waits for nothing. */
  async turn(): Promise<void> {
    do await new Promise<void>(resolve => nativeImmediate(resolve))
    while (this.#immediates > 0)
  }

  /** Takes clocks, timers and randomness of this thread over, for good. */
  install(): void {
    const random = () => hashOf(this.#seed, 0x5eed, this.#draws++) / 2 ** 32
    Math.random = random
    Date.now = () => Math.floor(this.#nowMs)
    performance.now = () => {
      this.#cpuMs += (hashOf(this.#seed, this.#draws++) % 512) / 1_024
      return this.#nowMs + this.#cpuMs
    }
    globalThis.setImmediate = ((work: (...args: unknown[]) => void, ...args: unknown[]) => {
      this.#immediates++
      return nativeImmediate(() => {
        this.#immediates--
        work(...args)
      })
    }) as typeof setImmediate
    const never = () => {
      throw new Error('a timer outside the clock; the simulation has no such thing')
    }
    globalThis.setTimeout = never as unknown as typeof setTimeout
    globalThis.setInterval = never as unknown as typeof setInterval
    timers.setTimeout = <T>(ms = 0, value?: T, { signal }: { signal?: AbortSignal | undefined } = {}) =>
      new Promise<T>((resolve, reject) => {
        const cancel = this.after(ms, () => resolve(value as T))
        signal?.addEventListener('abort', () => {
          cancel()
          reject(signal.reason)
        })
      })
    crypto.randomUUID = () => {
      const part = () =>
        Math.floor(random() * 0x10000)
          .toString(16)
          .padStart(4, '0')
      return `${part()}${part()}-${part()}-4${part().slice(1)}-8${part().slice(1)}-${part()}${part()}${part()}`
    }
    syncBuiltinESMExports()
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent] as Timer)) break
      heap[at] = heap[parent] as Timer
      at = parent
    }
    heap[at] = timer
  }

  #pop(): Timer | undefined {
    for (;;) {
      const top = this.#heap[0]
      const last = this.#heap.pop()
      if (!top || !last) return undefined
      if (top !== last) this.#sink(last)
      if (!top.isCancelled) return top
    }
  }

  #sink(timer: Timer): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (!isBefore(heap[child] as Timer, timer)) break
      heap[at] = heap[child] as Timer
      at = child
    }
    heap[at] = timer
  }
}

const isBefore = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq)
