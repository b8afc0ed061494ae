/**
 * Candidates of `popular` and `trending`: the first items of the visitor's segments that may be shown. Only the rank in a
 * segment counts, since sums of weights differ from shop to shop: place r (from 0) is worth 10 / (10 + r) of the segment.
 */
import type { Ask } from '../ask.ts'
import type { CandidateSet } from '../candidate-set.ts'
import type { Tables } from '../source.ts'
import type { Segment } from '../trending-index.ts'

const HALF_RANK = 10
/**
 * What a segment counts for, the nearer to the visitor the more, and how many items are taken of it, not counting those that
 * may not be shown. Of `all` more are taken, since many a visitor has no other segment.
 */
const ALL = { weight: 0.4, taken: 80 }
const DEVICE = { weight: 0.1, taken: 20 }
const COUNTRY = { weight: 0.3, taken: 30 }
const CATEGORY = { weight: 0.6, taken: 40 }

export function collectSegments(kind: 'popular' | 'trending', ask: Ask, tables: Tables, into: CandidateSet): void {
  const { trending, items } = tables
  take(trending.segment(kind, 'all'), ALL.weight, ALL.taken, into)
  if (ask.country !== null) {
    take(trending.segment(kind, `country:${ask.country}`), COUNTRY.weight, COUNTRY.taken, into)
  }
  if (ask.device !== null) take(trending.segment(kind, `device:${ask.device}`), DEVICE.weight, DEVICE.taken, into)
  for (let c = 0; c < ask.categoryCount; c++) {
    const name = items.categoryIds.idOf(ask.categories[c] as number)
    const share = 1 / (c + 1) // of the category that comes first
    take(trending.segment(kind, `category:${name}`), CATEGORY.weight * share, Math.ceil(CATEGORY.taken * share), into)
  }
}

function take(segment: Segment | undefined, weight: number, most: number, into: CandidateSet): void {
  if (segment === undefined) return
  let taken = 0
  for (let r = 0; r < segment.items.length && taken < most; r++) {
    const isTaken = into.add(segment.items[r] as number, (weight * HALF_RANK) / (HALF_RANK + r), -1) >= 0
    if (isTaken) taken++
  }
}
