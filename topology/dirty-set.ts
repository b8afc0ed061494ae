/**
 * Keys waiting to be built, newest first, each at most once. It remembers for every key the oldest input record that made
 * it stale, so that positions are committed only behind what is published.
 */
interface Stale {
  seq: number
  /** Input (by number) → offset of the oldest record not yet published for the key. */
  readonly since: Map<number, number>
  readonly sinceMs: number
}
export interface Taken {
  readonly key: string
  readonly since: ReadonlyMap<number, number>
  readonly sinceMs: number
}

/** How many stale keys are looked at to find one that was not built just now. */
const LOOK = 16

export class DirtySet {
  readonly #intervalMs: number
  readonly #stale = new Map<string, Stale>()
  /** Newest last; an entry whose number is not the key's is void. */
  #stack: { key: string; seq: number }[] = []
  #seq = 0
  /** Keys built in this interval and the one before. */
  #built = new Set<string>()
  #builtBefore = new Set<string>()
  #turnedMs = 0

  /** Keys that wait for their rest to end, where they rest whatever else there is to do. */
  #resting: { key: string; seq: number }[] = []
  readonly #mustRest: boolean

  /**
   * @param intervalMs - a key is taken at most once in this time, unless nothing else waits
   * @param mustRest - also when nothing else waits
   */
  constructor(intervalMs: number, mustRest = false) {
    this.#intervalMs = intervalMs
    this.#mustRest = mustRest
  }

  get size(): number {
    return this.#stale.size
  }

  /** @param source - which input and offset made it stale; undefined when no record did */
  add(key: string, nowMs: number, source?: { input: number; offset: number }): void {
    let stale = this.#stale.get(key)
    if (!stale) {
      stale = { seq: 0, since: new Map(), sinceMs: nowMs }
      this.#stale.set(key, stale)
    }
    if (source && !stale.since.has(source.input)) stale.since.set(source.input, source.offset)
    stale.seq = ++this.#seq
    this.#stack.push({ key, seq: stale.seq })
    if (this.#stack.length > 4 * this.#stale.size + 1_024)
      this.#stack = this.#stack.filter(one => this.#stale.get(one.key)?.seq === one.seq)
  }

  /** Takes the newest key that was not built within the interval; when only such wait, the newest of them if it need not rest. */
  take(nowMs: number): Taken | undefined {
    this.#turn(nowMs)
    const passed: { key: string; seq: number }[] = []
    let found: { key: string; seq: number } | undefined
    while (!found && passed.length < LOOK) {
      const top = this.#stack.pop()
      if (!top) break
      if (this.#stale.get(top.key)?.seq !== top.seq) continue
      if (!this.#built.has(top.key) && !this.#builtBefore.has(top.key)) found = top
      else if (this.#mustRest) this.#resting.push(top)
      else passed.push(top)
    }
    if (!found) found = passed.shift()
    for (const one of passed.reverse()) this.#stack.push(one)
    if (!found) return undefined
    const stale = this.#stale.get(found.key)
    if (!stale) return undefined
    this.#stale.delete(found.key)
    this.#built.add(found.key)
    return { key: found.key, since: stale.since, sinceMs: stale.sinceMs }
  }

  /** @returns the oldest offset of an input that still waits, undefined when none does */
  oldest(input: number): number | undefined {
    let oldest: number | undefined
    for (const { since } of this.#stale.values()) {
      const offset = since.get(input)
      if (offset !== undefined && (oldest === undefined || offset < oldest)) oldest = offset
    }
    return oldest
  }

  #turn(nowMs: number): void {
    // Two sets of one interval each: a key rests for one to two intervals.
    if (nowMs - this.#turnedMs < this.#intervalMs) return
    for (const one of this.#resting.splice(0)) this.#stack.push(one)
    this.#builtBefore = nowMs - this.#turnedMs < 2 * this.#intervalMs ? this.#built : new Set()
    this.#built = new Set()
    this.#turnedMs = nowMs
  }
}
