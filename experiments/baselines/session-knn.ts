/**
 * Recommends what the past sessions most similar to the present one hold. The methods of this family look at the same sessions
 * and differ only in weights ({@link SessionWeights}):
 *
 *  1. context: the last `lastItems` clicks of the session, each item where it was clicked last;
 *  2. sample: of all past sessions that share an item with it, the `sample` with the newest last click;
 *  3. neighbours: the `neighbours` most similar of these, newer ones first where similarities are equal;
 *  4. an item's score: the sum over the neighbours n that hold it of
 *     similarity(n) · match(newest shared click) · distance(clicks in n between the item and n's last shared item) · rarity(item).
 *
 * The session that asks is never its own neighbour.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { grown } from './grown.ts'
import { Ranking } from './ranking.ts'
import { Scoreboard } from './scoreboard.ts'
import { SessionStore, type StoredSession } from './session-store.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

/** What every method of the family can be given. */
export interface SessionKnnOptions {
  /** Neighbours whose items are scored; k in the papers. */
  readonly neighbours: number
  /** Sessions compared, the newest; m in the papers. */
  readonly sample: number
  /** Clicks of the session that count. */
  readonly lastItems: number
  /** Past sessions kept. */
  readonly maxSessions: number
  /** Sessions with more distinct items are left out. */
  readonly maxSessionItems: number
}

/** `step` is 1 for the newest click of the context, 2 for the one before it, … */
export interface SessionWeights {
  /** Weight of a click of the context. @param length - clicks of the context */
  context(step: number, length: number): number
  /**
   * @param shared - sum of the weights of the context's items that the neighbour holds
   * @param squares - sum of squares of the weights of all items of the context
   * @param items - distinct items of the neighbour, ≥ 1
   * @param ageMs - from the neighbour's last click to the query
   */
  similarity(shared: number, squares: number, items: number, ageMs: number): number
  /** Weight of a neighbour by its newest shared click. */
  match(step: number): number
  /** Weight of an item by how many clicks it is away from the last shared item in the neighbour; its last click counts. */
  distance(clicks: number): number
  /** Weight of an item. */
  rarity(item: number, store: SessionStore): number
}

export class SessionKnn implements Recommender {
  readonly name: string
  readonly #options: SessionKnnOptions
  readonly #weights: SessionWeights
  readonly #store: SessionStore
  readonly #board = new Scoreboard()
  readonly #recency = new Ranking()
  readonly #similar = new Ranking()
  /** By item: its step in the context of the query, 0 outside it. */
  #stepOf = new Int32Array(1_024)
  #contextItems: number[] = []
  /** By slot of the session: the query that saw it last, and the sum of the weights of shared items. */
  #seenBy = new Int32Array(1_024)
  #shared = new Float64Array(1_024)
  #candidates = new Int32Array(1_024)
  /** By item: the neighbour that scored it last. */
  #scoredBy = new Int32Array(1_024)
  #queries = 0
  #neighboursScored = 0

  constructor(name: string, options: SessionKnnOptions, weights: SessionWeights) {
    this.name = name
    this.#options = options
    this.#weights = weights
    this.#store = new SessionStore(options.maxSessions, options.maxSessionItems)
  }

  learn(event: LearnedEvent): void {
    if (speaksForAnItem(event)) this.#store.learn(event)
  }

  recommend(query: Query, k: number): number[] {
    const length = Math.min(query.recent.length, this.#options.lastItems)
    const squares = this.#readContext(query.recent, length)
    this.#rankByRecency(query, length)
    this.#rankBySimilarity(query, squares)
    const { ids, scores, count } = this.#similar
    for (let at = 0; at < count; at++) {
      const serial = -(this.#recency.ids[ids[at] as number] as number)
      this.#score(this.#store.bySerial(serial) as StoredSession, scores[at] as number)
    }
    for (const item of this.#contextItems) this.#stepOf[item] = 0
    return this.#board.take(query, k)
  }

  /** @returns sum of squares of the weights of the context */
  #readContext(recent: readonly number[], length: number): number {
    this.#contextItems = []
    let squares = 0
    for (let step = 1; step <= length; step++) {
      const item = recent[recent.length - step] as number
      this.#stepOf = grown(this.#stepOf, item)
      if (this.#stepOf[item] !== 0) continue
      this.#stepOf[item] = step
      this.#contextItems.push(item)
      squares += this.#weights.context(step, length) ** 2
    }
    return squares
  }

  /** Leaves in #recency the serials of the sample, negated so that of equal times the later session is first. */
  #rankByRecency(query: Query, length: number): void {
    let count = 0
    this.#queries++
    for (const item of this.#contextItems) {
      const weight = this.#weights.context(this.#stepOf[item] as number, length)
      const postings = this.#store.postings(item)
      for (let at = postings.length - 1; at >= 0; at--) {
        const serial = postings[at] as number
        if (serial <= this.#store.forgotten) continue
        const slot = this.#store.slotOf(serial)
        this.#seenBy = grown(this.#seenBy, slot)
        this.#shared = grown(this.#shared, slot)
        if (this.#seenBy[slot] !== this.#queries) {
          const stored = this.#store.bySerial(serial)
          if (stored === undefined || stored.session === query.session) continue
          this.#seenBy[slot] = this.#queries
          this.#shared[slot] = 0
          this.#candidates = grown(this.#candidates, count)
          this.#candidates[count++] = serial
        }
        this.#shared[slot] = (this.#shared[slot] as number) + weight
      }
    }
    this.#recency.begin(Math.min(count, this.#options.sample))
    for (let at = 0; at < count; at++) {
      const serial = this.#candidates[at] as number
      this.#recency.offer(-serial, (this.#store.bySerial(serial) as StoredSession).lastMs)
    }
    this.#recency.finish()
  }

  /** Leaves in #similar places in #recency. */
  #rankBySimilarity(query: Query, squares: number): void {
    const { ids, scores, count } = this.#recency
    this.#similar.begin(Math.min(count, this.#options.neighbours))
    for (let place = 0; place < count; place++) {
      const stored = this.#store.bySerial(-(ids[place] as number)) as StoredSession
      const shared = this.#shared[this.#store.slotOf(stored.serial)] as number
      const ageMs = query.atMs - (scores[place] as number)
      this.#similar.offer(place, this.#weights.similarity(shared, squares, stored.distinct, ageMs))
    }
    this.#similar.finish()
  }

  /** Adds what a neighbour gives to its items. */
  #score({ items }: StoredSession, similarity: number): void {
    let last = -1
    let newest = Number.POSITIVE_INFINITY
    for (let at = 0; at < items.length; at++) {
      const step = this.#stepOf[items[at] as number] ?? 0
      if (step === 0) continue
      last = at
      if (step < newest) newest = step
    }
    const weight = similarity * this.#weights.match(newest)
    const neighbour = ++this.#neighboursScored
    for (let at = items.length - 1; at >= 0; at--) {
      const item = items[at] as number
      this.#scoredBy = grown(this.#scoredBy, item)
      if (this.#scoredBy[item] === neighbour) continue
      this.#scoredBy[item] = neighbour
      this.#board.add(
        item,
        weight * this.#weights.distance(Math.abs(at - last)) * this.#weights.rarity(item, this.#store),
      )
    }
  }
}
