/**
 * Recommends for a session what the past sessions most like it hold, while clicks come in: the neighbours and weights of VSTAN
 * (M. Ludewig, N. Mauro, S. Latifi, D. Jannach, "Empirical analysis of session-based recommendation algorithms", UMUAI 31, 2021) over
 * postings as VMIS-kNN has them (B. Kersbergen, O. Sprangers, S. Schelter, "Serenade", SIGMOD 2022).
 *
 *  1. Of each of the last `lastItems` items the `sample` sessions that clicked it last are looked at.
 *  2. similarity(N) = Σ e^(−(step − 1) / positionDecay) over shared items / √(distinct items of N) · e^(−age / timeDecayDays),
 *     step 1 the newest click; the `neighbours` most similar stay.
 *  3. score(i) = Σ over neighbours that hold i of similarity · e^(−(step of the newest shared click − 1) / matchDecay)
 *     · e^(−clicks in N from i to its last shared item / distanceDecay) · (1 + idfWeight · ln(sessions / clicks(i))).
 *
 * Of the sessions compared fewer neighbours are scored than in the paper's settings (500 and more): half the time of a query, and on the
 * validation sessions of Serenade the same figures to three places.
 *
 * Bound: `maxBytes` for sessions and postings, 41 bytes an item (arrays double, so at most 82), about 200 an open session. The sessions that began last are kept, of
 * them the newest `maxSessionClicks` clicks.
 */
import { SessionPostings } from './session-postings.ts'
import { SessionRows } from './session-rows.ts'
import { TopK } from './top-k.ts'

export interface SessionIndexOptions {
  readonly maxBytes: number
  /** Clicks kept of a session, at most 255. */
  readonly maxSessionClicks: number
  /** Sessions that can still grow; a click of one that has been quiet for longer begins another. */
  readonly openSessions: number
  readonly lastItems: number
  /** Sessions looked at for an item. */
  readonly sample: number
  readonly neighbours: number
  readonly positionDecay: number
  readonly timeDecayDays: number
  readonly distanceDecay: number
  readonly matchDecay: number
  readonly idfWeight: number
}

export const defaultSessionIndex: SessionIndexOptions = {
  maxBytes: 256 * 2 ** 20,
  maxSessionClicks: 16,
  openSessions: 100_000,
  lastItems: 10,
  sample: 512,
  neighbours: 100,
  positionDecay: 3.62,
  timeDecayDays: 100,
  distanceDecay: 0.4525,
  matchDecay: 3.62,
  idfWeight: 1,
}

const DAY_MS = 86_400_000
/** Of the bytes, what sessions get; the others are for postings. A session takes marks for queries beside its row. */
const SHARE_OF_ROWS = 0.7
const MARK_BYTES = 12

/** @typeParam K - what a session is known by */
export class SessionIndex<K> {
  readonly #options: SessionIndexOptions
  readonly #rows: SessionRows
  readonly #postings: SessionPostings
  /** Session → serial. */
  readonly #open = new Map<K, number>()
  /** Serial modulo `openSessions` → session: whose turn it is to be closed (a Map slows down when its first entry is taken off). */
  readonly #opened: K[] = []
  readonly #weights: Weights
  /** By slot: the query that met it last, and the weight of what it shares. */
  readonly #metBy: Int32Array
  readonly #shared: Float64Array
  readonly #sessions: Int32Array
  readonly #candidates: Int32Array
  readonly #nearest: TopK
  #queries = 0
  /** By item: step in the context, clicks in kept rows, 1 + idf of the query's moment less what all share, score. */
  #steps = new Uint8Array(1_024)
  #clicks = new Int32Array(1_024)
  #logClicks = new Float64Array(1_024)
  #scores = new Float64Array(1_024)
  #touched = new Int32Array(1_024)
  #touchedCount = 0
  readonly #drop = (item: number): void => {
    this.#count(item, -1)
  }

  constructor(options: Partial<SessionIndexOptions> = {}) {
    this.#options = { ...defaultSessionIndex, ...options }
    const { maxBytes, maxSessionClicks, sample, lastItems, neighbours } = this.#options
    const rowBytes = SessionRows.bytes(maxSessionClicks) + MARK_BYTES
    this.#rows = new SessionRows(Math.max(1, Math.floor((maxBytes * SHARE_OF_ROWS) / rowBytes)), maxSessionClicks)
    this.#postings = new SessionPostings(Math.floor((maxBytes * (1 - SHARE_OF_ROWS)) / 4), sample)
    this.#metBy = new Int32Array(this.#rows.capacity)
    this.#shared = new Float64Array(this.#rows.capacity)
    this.#sessions = new Int32Array(sample)
    this.#candidates = new Int32Array(sample * lastItems)
    this.#nearest = new TopK(neighbours)
    this.#weights = weightsOf(this.#options)
  }

  /** Sessions kept. */
  get sessionCount(): number {
    return this.#rows.count
  }

  /**
   * Takes in a click.
   * @param item - number ≥ 0, dense
   */
  add(session: K, item: number, atMs: number): void {
    if (item >= this.#clicks.length) this.#grow(item + 1)
    const serial = this.#serialOf(session)
    const isNew = this.#rows.push(this.#rows.slotOf(serial), item, atMs, this.#drop)
    this.#count(item, 1)
    if (isNew) this.#postings.push(item, serial, this.#rows.forgotten)
  }

  /**
   * Offers the items of the neighbours with their scores; begin it before and finish it after.
   * @param recent - clicks of the session, the oldest first
   * @param session - whose own clicks are left out
   * @param isExcluded - whether an item must not come
   */
  recommend(
    recent: readonly number[],
    atMs: number,
    into: TopK,
    isExcluded: (item: number) => boolean,
    session?: K,
  ): void {
    const length = Math.min(recent.length, this.#options.lastItems)
    for (let step = length; step >= 1; step--) this.#setStep(recent[recent.length - step] as number, step)
    const count = this.#gather(recent, length, session === undefined ? -1 : (this.#open.get(session) ?? -1))
    this.#choose(count, atMs)
    const { items, scores } = this.#nearest
    const logSessions = Math.log(this.#rows.count)
    for (let at = 0; at < this.#nearest.count; at++) {
      this.#score(this.#candidates[items[at] as number] as number, scores[at] as number, logSessions)
    }
    for (let step = length; step >= 1; step--) this.#setStep(recent[recent.length - step] as number, 0)
    for (let at = 0; at < this.#touchedCount; at++) {
      const item = this.#touched[at] as number
      const score = Math.fround(this.#scores[item] as number) // as the heap keeps it, else ties go anywhere
      this.#scores[item] = 0
      if (score >= into.threshold && !isExcluded(item)) into.offer(item, score)
    }
    this.#touchedCount = 0
  }

  #setStep(item: number, step: number): void {
    if (item < this.#steps.length) this.#steps[item] = step
  }

  /** Leaves the slots of the sessions that share an item in #candidates. @returns how many */
  #gather(recent: readonly number[], length: number, own: number): number {
    this.#queries++
    const { forgotten } = this.#rows
    let count = 0
    for (let step = 1; step <= length; step++) {
      const item = recent[recent.length - step] as number
      if (this.#steps[item] !== step) continue // clicked again later
      const weight = this.#weights.position[step] as number
      const found = this.#postings.read(item, this.#sessions, this.#options.sample)
      for (let at = 0; at < found; at++) {
        const serial = this.#sessions[at] as number
        if (serial <= forgotten || serial === own) continue
        const slot = this.#rows.slotOf(serial)
        if (this.#metBy[slot] === this.#queries) {
          this.#shared[slot] = (this.#shared[slot] as number) + weight
        } else {
          this.#metBy[slot] = this.#queries
          this.#shared[slot] = weight
          this.#candidates[count++] = slot
        }
      }
    }
    return count
  }

  /** Leaves places in #candidates in #nearest. */
  #choose(count: number, atMs: number): void {
    const nearest = this.#nearest
    const perMs = -1 / (this.#options.timeDecayDays * DAY_MS)
    nearest.begin(Math.min(count, this.#options.neighbours))
    for (let at = 0; at < count; at++) {
      const slot = this.#candidates[at] as number
      const norm = this.#weights.norm[this.#rows.distinct[slot] as number] as number
      const unaged = Math.fround((this.#shared[slot] as number) * norm)
      if (unaged < nearest.threshold) continue // age only takes away
      const ageMs = Math.max(0, atMs - (this.#rows.lastMs[slot] as number))
      nearest.offer(at, Math.fround(unaged * Math.exp(ageMs * perMs)))
    }
  }

  #score(slot: number, similarity: number, logSessions: number): void {
    const { items, stride } = this.#rows
    const start = slot * stride
    const clicks = this.#rows.clicks[slot] as number
    let last = -1
    let newest = 255
    for (let at = 0; at < clicks; at++) {
      const step = this.#steps[items[start + at] as number] as number
      if (step === 0) continue
      last = at
      if (step < newest) newest = step
    }
    if (last < 0) return // what was shared has left the row
    const weight = similarity * (this.#weights.match[newest] as number)
    const hasRepeats = this.#rows.distinct[slot] !== clicks
    const { idfWeight } = this.#options
    for (let at = clicks - 1; at >= 0; at--) {
      const item = items[start + at] as number
      if (hasRepeats && items.subarray(start + at + 1, start + clicks).includes(item)) continue
      const away = this.#weights.distance[at > last ? at - last : last - at] as number
      const score = this.#scores[item] as number
      if (score === 0) this.#touched[this.#touchedCount++] = item
      const rarity = 1 + idfWeight * (logSessions - (this.#logClicks[item] as number))
      // Never 0, else the item would be touched twice.
      this.#scores[item] = score + Math.max(weight * away * rarity, Number.MIN_VALUE)
    }
  }

  #serialOf(session: K): number {
    const known = this.#open.get(session)
    if (known !== undefined && known > this.#rows.forgotten) return known
    const serial = this.#rows.begin(this.#drop)
    const turn = serial % this.#options.openSessions
    const oldest = this.#opened[turn]
    if (oldest !== undefined && this.#open.get(oldest) === serial - this.#options.openSessions)
      this.#open.delete(oldest)
    this.#opened[turn] = session
    this.#open.set(session, serial)
    return serial
  }

  #count(item: number, by: number): void {
    const clicks = (this.#clicks[item] as number) + by
    this.#clicks[item] = clicks
    this.#logClicks[item] = Math.log(Math.max(1, clicks))
  }

  #grow(items: number): void {
    const length = Math.max(items, 2 * this.#clicks.length)
    this.#steps = new Uint8Array(length)
    this.#touched = new Int32Array(length)
    this.#scores = new Float64Array(length)
    const clicks = new Int32Array(length)
    const logClicks = new Float64Array(length)
    clicks.set(this.#clicks)
    logClicks.set(this.#logClicks)
    this.#clicks = clicks
    this.#logClicks = logClicks
  }
}

/** Tables, so that a query computes one power a session and none an item. */
interface Weights {
  /** By step. */
  readonly position: Float64Array
  readonly match: Float64Array
  /** By distinct items. */
  readonly norm: Float64Array
  /** By clicks between. */
  readonly distance: Float64Array
}

function weightsOf(options: SessionIndexOptions): Weights {
  const { lastItems, positionDecay, matchDecay, distanceDecay, maxSessionClicks } = options
  const table = (length: number, of: (at: number) => number) => Float64Array.from({ length }, (_, at) => of(at))
  return {
    position: table(lastItems + 1, step => Math.exp((1 - step) / positionDecay)),
    match: table(lastItems + 1, step => Math.exp((1 - step) / matchDecay)),
    norm: table(maxSessionClicks + 1, distinct => 1 / Math.sqrt(Math.max(1, distinct))),
    distance: table(maxSessionClicks + 1, clicks => Math.exp(-clicks / distanceDecay)),
  }
}
