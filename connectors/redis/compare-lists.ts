/** Public lists of two databases beside each other, key by key. */
import type { Redis } from 'ioredis'
import { isTombstone } from '../view.ts'
import { keysOf } from './databases.ts'

/** Ranks that are compared. */
export const COMPARED_RANKS = 10
const EXAMPLES = 5

export interface ListDifference {
  readonly key: string
  /** Of the first ranks, 0 to 1. */
  readonly overlap: number
  /** Item ids, best first. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface Comparison {
  /** Name of the keys: rec, similar, … */
  readonly keys: string
  /** Keys that both have. */
  readonly compared: number
  /** The same items in the same order, all of them. */
  readonly equal: number
  /** Mean share of the first {@link COMPARED_RANKS} items in common, 0 to 1; 1 where nothing was compared. */
  readonly meanOverlap: number
  readonly onlyBefore: number
  readonly onlyAfter: number
  /** Those that differ most, least overlap first. */
  readonly examples: readonly ListDifference[]
}

/** @param name - of keys that hold JSON with items, `rec` */
export async function compareLists(
  before: Redis,
  after: Redis,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<Comparison> {
  const pattern = `${namespace}:${name}:*`
  const seen = new Set<string>()
  let [compared, equal, sum, onlyBefore, onlyAfter] = [0, 0, 0, 0, 0]
  let examples: ListDifference[] = []
  for await (const found of keysOf(before, pattern)) {
    signal?.throwIfAborted()
    const fresh = found.filter(key => !seen.has(key))
    if (fresh.length === 0) continue
    const [olds, news] = await Promise.all([before.mget(fresh), after.mget(fresh)])
    for (const [index, key] of fresh.entries()) {
      seen.add(key)
      const [old, now] = [itemsOf(olds[index]), itemsOf(news[index])]
      if (!old) continue
      if (!now) {
        onlyBefore++
        continue
      }
      const overlap = overlapOf(old, now)
      compared++
      sum += overlap
      if (old.length === now.length && old.every((id, rank) => id === now[rank])) equal++
      else examples = [...examples, { key, overlap, before: old, after: now }].sort(byOverlap).slice(0, EXAMPLES)
    }
  }
  for await (const found of keysOf(after, pattern)) {
    signal?.throwIfAborted()
    const fresh = [...new Set(found)].filter(key => !seen.has(key))
    const news = fresh.length > 0 ? await after.mget(fresh) : []
    onlyAfter += news.filter(text => itemsOf(text) !== undefined).length
    for (const key of fresh) seen.add(key)
  }
  const meanOverlap = compared === 0 ? 1 : sum / compared
  return { keys: name, compared, equal, meanOverlap, onlyBefore, onlyAfter, examples }
}

const byOverlap = (a: ListDifference, b: ListDifference) => a.overlap - b.overlap || (a.key < b.key ? -1 : 1)

/** @returns the share of the first ranks in common, of the longer list's; 1 for two empty lists */
export function overlapOf(before: readonly string[], after: readonly string[]): number {
  const first = new Set(before.slice(0, COMPARED_RANKS))
  const second = new Set(after.slice(0, COMPARED_RANKS))
  const longer = Math.max(first.size, second.size)
  return longer === 0 ? 1 : first.intersection(second).size / longer
}

function itemsOf(text: string | null | undefined): string[] | undefined {
  if (text === null || text === undefined || isTombstone(text)) return undefined
  const { items } = JSON.parse(text) as { items: readonly { itemId: string }[] }
  return items.map(({ itemId }) => itemId)
}
