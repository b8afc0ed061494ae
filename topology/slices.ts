/** Long work in slices: between two of them everything else in the process has its turn, an event on its way first of all. */
import type { Clock } from './clock.ts'

const SLICE_MS = 5

export class Slices {
  readonly #clock: Clock
  #beganMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#beganMs = clock.now()
  }

  /** Whether it is time to {@link rest}. */
  get areOver(): boolean {
    return this.#clock.now() - this.#beganMs >= SLICE_MS
  }

  /** Resolves in a later turn of the event loop, with a slice before it. */
  async rest(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    this.#beganMs = this.#clock.now()
  }
}
