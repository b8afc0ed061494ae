/**
 * Candidates of `popular` and `trending`: the first items of the visitor's segments that may be shown. Only the rank in a
 * segment counts, since sums of weights differ from shop to shop: place r (from 0) is worth 10 / (10 + r) of the segment.
 */
import type { Ask } from '../ask.ts'
import type { CandidateSet } from '../candidate-set.ts'
import type { Tables } from '../source.ts'
import type { Segment } from '../trending-index.ts'

const HALF_RANK = 10
/** Taken of a segment, not counting those that may not be shown. */
const MAX_TAKEN = 60
/** What a segment counts for: the nearer to the visitor, the more. */
const WEIGHTS = { all: 0.4, device: 0.1, country: 0.3, category: 0.6 }

export function collectSegments(kind: 'popular' | 'trending', ask: Ask, tables: Tables, into: CandidateSet): void {
  const { trending, items } = tables
  take(trending.segment(kind, 'all'), WEIGHTS.all, into)
  if (ask.country !== null) take(trending.segment(kind, `country:${ask.country}`), WEIGHTS.country, into)
  if (ask.device !== null) take(trending.segment(kind, `device:${ask.device}`), WEIGHTS.device, into)
  for (let c = 0; c < ask.categoryCount; c++) {
    const name = items.categoryIds.idOf(ask.categories[c] as number)
    take(trending.segment(kind, `category:${name}`), WEIGHTS.category / (c + 1), into)
  }
}

function take(segment: Segment | undefined, weight: number, into: CandidateSet): void {
  if (segment === undefined) return
  let taken = 0
  for (let r = 0; r < segment.items.length && taken < MAX_TAKEN; r++) {
    const isTaken = into.add(segment.items[r] as number, (weight * HALF_RANK) / (HALF_RANK + r), -1) >= 0
    if (isTaken) taken++
  }
}
