/** The items of one answer, best first, gathered rung by rung. A lower rung never comes before a higher one. */
import type { ItemMirror } from './item-mirror.ts'

export interface Candidate {
  readonly itemId: string
  readonly score: number
  /** Name of the source that gave most of the score. */
  readonly source: string
  /** Items it comes from, strongest first. */
  readonly because: readonly string[]
}

/** Same category as the session. */
const SESSION_BOOST = 1.2

export class Ranking {
  readonly ranked: Candidate[] = []
  readonly #keep: (itemId: string) => boolean
  readonly #mirror: ItemMirror
  readonly #sessionCategories: ReadonlySet<string>

  /** @param sessionItems - of the running session, whose categories are boosted; may be empty */
  constructor(keep: (itemId: string) => boolean, mirror: ItemMirror, sessionItems: readonly string[]) {
    this.#keep = keep
    this.#mirror = mirror
    this.#sessionCategories = new Set(sessionItems.flatMap(itemId => mirror.facts(itemId)?.categories[0] ?? []))
  }

  /** @returns how many of them were kept */
  add(candidates: Iterable<Candidate>): number {
    const kept: Candidate[] = []
    let isSorted = true
    for (const candidate of candidates) {
      if (!this.#keep(candidate.itemId)) continue
      const boosted = this.#boosted(candidate)
      isSorted &&= boosted.score <= (kept.at(-1)?.score ?? Number.POSITIVE_INFINITY)
      kept.push(boosted)
    }
    if (!isSorted) kept.sort((a, b) => b.score - a.score)
    const least = this.ranked.at(-1)?.score
    const greatest = kept[0]?.score
    // Scores of another rung have another scale: they are brought below what stands.
    const factor = least === undefined || greatest === undefined || greatest <= least ? 1 : least / greatest
    for (const one of kept) this.ranked.push(factor === 1 ? one : { ...one, score: one.score * factor })
    return kept.length
  }

  #boosted(candidate: Candidate): Candidate {
    if (this.#sessionCategories.size === 0) return candidate
    const categories = this.#mirror.facts(candidate.itemId)?.categories
    if (!categories?.some(category => this.#sessionCategories.has(category))) return candidate
    const { itemId, score, source, because } = candidate
    return { itemId, score: score * SESSION_BOOST, source, because }
  }
}
