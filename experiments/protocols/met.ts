/** What a protocol knows of users and items as the log passes by; never of what is still to come. */
import type { EventLog } from '../event-log.ts'
import type { ItemSegment, UserSegment } from './step.ts'

const DAY_MS = 86_400_000
/** Known items from which on a user is heavy. */
const HEAVY = 20
/** The share of all interactions that the head has. */
const HEAD_SHARE = 0.5
/** The head is found anew when so much of the interactions is new, or so many. */
const AGAIN_SHARE = 0.1
const AGAIN_COUNT = 1_000

export class Met {
  readonly #log: EventLog
  readonly #known = new Map<number, Set<number>>()
  readonly #firstMs = new Map<number, number>()
  readonly #counts: Float64Array
  #total = 0
  #headFrom = Number.POSITIVE_INFINITY
  #rankedAt = 0

  constructor(log: EventLog) {
    this.#log = log
    this.#counts = new Float64Array(log.items.length)
  }

  /** Takes an event in. */
  add(number: number): void {
    const { user, item, weight, atMs } = this.#log
    const it = item[number] as number
    if (it < 0 || weight[number] === 0) return
    const who = user[number] as number
    const known = this.#known.get(who) ?? new Set()
    this.#known.set(who, known.add(it))
    if (!this.#firstMs.has(it)) this.#firstMs.set(it, atMs[number] as number)
    if ((weight[number] as number) < 0) return
    this.#counts[it] = (this.#counts[it] as number) + 1
    this.#total++
  }

  /** Touched before in any way but an impression. */
  isKnown(user: number, item: number): boolean {
    return this.#known.get(user)?.has(item) ?? false
  }

  userSegment(user: number): UserSegment {
    const size = this.#known.get(user)?.size ?? 0
    if (size === 0) return 'new'
    return size < HEAVY ? 'light' : 'heavy'
  }

  itemSegment(item: number, atMs: number): ItemSegment {
    const first = this.#firstMs.get(item)
    if (first === undefined || atMs - first < DAY_MS) return 'new'
    if (this.#total - this.#rankedAt >= Math.min(AGAIN_COUNT, AGAIN_SHARE * this.#rankedAt)) this.#rank()
    return (this.#counts[item] as number) >= this.#headFrom ? 'head' : 'tail'
  }

  /** The head is the fewest items that have half of all interactions; those of the last one's count belong to it too. */
  #rank(): void {
    const sorted = Float64Array.from(this.#counts).sort().reverse()
    let sum = 0
    for (const count of sorted) {
      this.#headFrom = count
      sum += count
      if (sum >= HEAD_SHARE * this.#total) break
    }
    this.#rankedAt = this.#total
  }
}
