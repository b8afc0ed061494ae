/** The brute-force count that both sides of `beside-streams.ts` are held to: plain maps, written from the definition. */
import { LAST_ITEMS, LISTED, type TopList } from './beside-streams-topology.ts'

export class PairCount {
  readonly #recent = new Map<string, string[]>()
  readonly #counts = new Map<string, Map<string, number>>()
  /** Each pair counts twice, once for either of its items. */
  pairs = 0

  /** @returns how many items the event's item was paired with; 0 changes no list */
  add(user: string, item: string): number {
    const others = (this.#recent.get(user) ?? []).filter(one => one !== item)
    for (const other of others) {
      this.#increment(item, other)
      this.#increment(other, item)
    }
    this.#recent.set(user, [...others, item].slice(-LAST_ITEMS))
    return others.length
  }

  #increment(item: string, other: string): void {
    const row = this.#counts.get(item) ?? new Map<string, number>()
    this.#counts.set(item, row.set(other, (row.get(other) ?? 0) + 1))
    this.pairs++
  }

  /**
   * @param lists - by item, as published last
   * @returns one sentence for every item whose list is not the one counted here
   */
  differences(lists: ReadonlyMap<string, TopList>): string[] {
    const wrong: string[] = []
    for (const item of new Set([...this.#counts.keys(), ...lists.keys()])) {
      const row = [...(this.#counts.get(item) ?? [])].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      const wanted = JSON.stringify([row.reduce((sum, [, count]) => sum + count, 0), row.slice(0, LISTED)])
      const list = lists.get(item)
      const got = JSON.stringify(list && [list.pairs, list.items.map((other, at) => [other, list.counts[at]])])
      if (got !== wanted) wrong.push(`item ${item}: wanted ${wanted.slice(0, 300)}, got ${got?.slice(0, 300)}`)
    }
    return wrong
  }
}
