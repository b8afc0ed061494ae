import type { SessionIndex } from '../retrieval/session-index.ts'
import { randomOf } from './random.ts'
import { zipf } from './zipf.ts'

/** Clicks of made sessions, one after the other: which session and which item is drawn as `bench/session-index.ts` says. */
export class MadeClicks {
  /** Time of the last click, ms; 20 ms lie between two. */
  nowMs = 0
  readonly #random: () => number
  readonly #draw: () => number
  readonly #items: number
  readonly #open: { id: number; clicks: number[] }[] = []
  #sessions = 0

  constructor(items: number, seed: number) {
    this.#random = randomOf(seed)
    this.#items = items
    this.#draw = zipf(items, 0.9, this.#random)
  }

  addTo(index: SessionIndex<number>): void {
    this.nowMs += 20
    const place = Math.floor(this.#random() * 20_000)
    let session = this.#open[place]
    if (session === undefined || this.#random() < 1 / 4.5) {
      session = { id: this.#sessions++, clicks: [] }
      this.#open[place] = session
    }
    const last = session.clicks.at(-1)
    const isNear = last !== undefined && this.#random() < 0.5
    const item = isNear ? (last + 1 + Math.floor(this.#random() * 20)) % this.#items : this.#draw()
    session.clicks.push(item)
    index.add(session.id, item, this.nowMs)
  }

  /** @returns clicks of an open session */
  someSession(): readonly number[] {
    for (;;) {
      const session = this.#open[Math.floor(this.#random() * 20_000)]
      if (session) return session.clicks
    }
  }
}
