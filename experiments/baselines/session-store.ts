/**
 * Past sessions and which of them hold an item, for the methods that look for similar sessions: a ring of the sessions that
 * began last, and for each item the sessions that clicked it, in order of their first click on it.
 *
 * Bound: `maxSessions` sessions, and in postings at most twice what these sessions hold.
 */
import type { LearnedEvent } from '../recommender.ts'
import { grown } from './grown.ts'

export interface StoredSession {
  /** 1, 2, … in order of their first click. */
  readonly serial: number
  /** As the data set numbers it. */
  readonly session: number
  /** In order of their clicks, with repetitions. */
  readonly items: number[]
  /** Distinct items. */
  distinct: number
  lastMs: number
}

export class SessionStore {
  readonly #maxSessions: number
  readonly #maxItems: number
  readonly #ring: (StoredSession | undefined)[] = []
  readonly #postings: (Postings | undefined)[] = []
  #newest = 0
  #serialOf = new Int32Array(1_024)
  #clicks = new Float64Array(1_024)
  #sessions = new Float64Array(1_024)
  /** Sessions kept that are not too long. */
  sessionCount = 0
  /** Items of kept sessions, each once a session. */
  pairCount = 0

  /**
   * @param maxSessions - sessions kept
   * @param maxItems - a session with more distinct items is forgotten whole, as are its later clicks
   */
  constructor(maxSessions: number, maxItems: number) {
    this.#maxSessions = maxSessions
    this.#maxItems = maxItems
  }

  /** Adds a click to its session. Order within a session and of the first clicks of sessions is that of the calls. */
  learn({ session, item, atMs }: LearnedEvent): void {
    const stored = this.#sessionOf(session, atMs)
    if (stored.distinct > this.#maxItems) return
    stored.lastMs = Math.max(stored.lastMs, atMs)
    const isNew = !stored.items.includes(item)
    stored.items.push(item)
    this.#clicks = grown(this.#clicks, item)
    this.#sessions = grown(this.#sessions, item)
    this.#count(item, 1, isNew ? 1 : 0)
    if (!isNew) return
    stored.distinct++
    if (stored.distinct > this.#maxItems) {
      this.#forget(stored)
      return
    }
    let postings = this.#postings[item]
    if (postings === undefined) {
      postings = new Postings()
      this.#postings[item] = postings
    }
    postings.push(stored.serial, this.forgotten)
  }

  /** Serials up to this one are no longer kept; their slots are others'. */
  get forgotten(): number {
    return this.#newest - this.#maxSessions
  }

  /** @returns the kept session of a serial, undefined where it is too old or too long */
  bySerial(serial: number): StoredSession | undefined {
    const stored = this.#ring[serial % this.#maxSessions]
    return stored?.serial === serial && stored.distinct <= this.#maxItems ? stored : undefined
  }

  /** Where arrays by session keep the one of a serial: 0 … maxSessions − 1. */
  slotOf(serial: number): number {
    return serial % this.#maxSessions
  }

  /** @returns serials of sessions that hold the item, oldest first click first, some no longer kept */
  postings(item: number): Int32Array {
    return this.#postings[item]?.all() ?? NONE
  }

  /** @returns clicks on the item in kept sessions, repetitions counted */
  clicks(item: number): number {
    return this.#clicks[item] ?? 0
  }

  /** @returns kept sessions that hold the item */
  sessions(item: number): number {
    return this.#sessions[item] ?? 0
  }

  #sessionOf(session: number, atMs: number): StoredSession {
    this.#serialOf = grown(this.#serialOf, session)
    const serial = this.#serialOf[session] as number
    const slot = serial % this.#maxSessions
    const known = this.#ring[slot]
    if (serial > 0 && known?.serial === serial) return known
    const stored = { serial: ++this.#newest, session, items: [], distinct: 0, lastMs: atMs }
    this.#serialOf[session] = stored.serial
    const old = this.#ring[stored.serial % this.#maxSessions]
    if (old && old.distinct <= this.#maxItems) this.#forget(old)
    this.#ring[stored.serial % this.#maxSessions] = stored
    this.sessionCount++
    return stored
  }

  /** Takes a session out of all counts. */
  #forget(stored: StoredSession): void {
    for (const item of stored.items) this.#count(item, -1, 0)
    for (const item of new Set(stored.items)) this.#count(item, 0, -1)
    stored.items.length = 0
    this.sessionCount--
  }

  #count(item: number, clicks: number, sessions: number): void {
    this.#clicks[item] = (this.#clicks[item] as number) + clicks
    this.#sessions[item] = (this.#sessions[item] as number) + sessions
    this.pairCount += sessions
  }
}

const NONE = new Int32Array(0)

/** Serials of the sessions of one item. */
class Postings {
  #serials = new Int32Array(4)
  #count = 0

  /** @param forgotten - serials up to this one are no longer kept, and go when room is wanted */
  push(serial: number, forgotten: number): void {
    if (this.#count === this.#serials.length) {
      const kept = this.#serials.filter(one => one > forgotten)
      this.#count = kept.length
      if (2 * kept.length > this.#serials.length) this.#serials = grown(kept, 2 * kept.length)
      else this.#serials.set(kept)
    }
    this.#serials[this.#count++] = serial
  }

  all(): Int32Array {
    return this.#serials.subarray(0, this.#count)
  }
}
