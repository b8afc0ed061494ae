/** The clock of one simulated process: it stops with the process, and what fell due meanwhile comes when it wakes. */
import type { Clock } from '../../topology/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

export class ProcessClock implements Clock {
  readonly #time: VirtualTime
  /** ms that a look at the clock takes; a slow machine. */
  readonly #creep: () => number
  #state: 'running' | 'stopped' | 'dead' = 'running'
  #late: (() => void)[] = []
  readonly #pending = new Set<() => void>()

  constructor(time: VirtualTime, creep: () => number) {
    this.#time = time
    this.#creep = creep
  }

  now(): number {
    const creepMs = this.#creep()
    if (creepMs > 0) this.#time.skip(creepMs)
    return Math.floor(this.#time.nowMs)
  }

  wait(ms: number): Promise<void> {
    return new Promise(resolve => this.#after(ms, resolve))
  }

  every(ms: number, work: () => void): () => void {
    let isOn = true
    const again = () => {
      if (!isOn) return
      work()
      cancel = this.#after(ms, again)
    }
    let cancel = this.#after(ms, again)
    return () => {
      isOn = false
      cancel()
    }
  }

  stop(): void {
    if (this.#state === 'running') this.#state = 'stopped'
  }

  wake(): void {
    if (this.#state !== 'stopped') return
    this.#state = 'running'
    for (const work of this.#late.splice(0)) work()
  }

  kill(): void {
    this.#state = 'dead'
    this.#late = []
    for (const cancel of this.#pending) cancel()
  }

  #after(ms: number, work: () => void): () => void {
    if (this.#state === 'dead') return () => {}
    const cancel = this.#time.after(ms, () => {
      this.#pending.delete(cancel)
      if (this.#state === 'running') work()
      else if (this.#state === 'stopped') this.#late.push(work)
    })
    this.#pending.add(cancel)
    return () => {
      this.#pending.delete(cancel)
      cancel()
    }
  }
}
