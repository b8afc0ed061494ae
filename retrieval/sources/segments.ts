/**
 * Candidates of `popular` and `trending`: the first items of the visitor's segments that may be shown. Only the rank in a
 * segment counts, since sums of weights differ from shop to shop: place r (from 0) is worth 10 / (10 + r) of the segment.
 */
import type { Ask } from '../ask.ts'
import type { CandidateSet } from '../candidate-set.ts'
import type { Segment, Segments } from '../trending-index.ts'

const HALF_RANK = 10
/**
 * What a segment counts for, the nearer to the visitor the more, and how many items are taken of it, not counting those that
 * may not be shown. Of `all` more are taken, since many a visitor has no other segment.
 */
const ALL = { weight: 0.4, taken: 80 }
const DEVICE = { weight: 0.1, taken: 20 }
const COUNTRY = { weight: 0.3, taken: 30 }
const CATEGORY = { weight: 0.6, taken: 40 }

export function collectSegments(segments: Segments, ask: Ask, into: CandidateSet): void {
  take(segments.all, ALL.weight, ALL.taken, into)
  if (ask.country !== null) take(segments.countries.get(ask.country), COUNTRY.weight, COUNTRY.taken, into)
  if (ask.device !== null) take(segments.devices.get(ask.device), DEVICE.weight, DEVICE.taken, into)
  for (let c = 0; c < ask.categoryCount; c++) {
    const share = 1 / (c + 1) // of the category that comes first
    const segment = segments.categories[ask.categories[c] as number]
    take(segment, CATEGORY.weight * share, Math.ceil(CATEGORY.taken * share), into)
  }
}

function take(segment: Segment | undefined, weight: number, most: number, into: CandidateSet): void {
  if (segment === undefined) return
  const { items } = segment
  let taken = 0
  for (let r = 0; r < items.length && taken < most; r++) {
    if (into.add(items[r] as number, (weight * HALF_RANK) / (HALF_RANK + r), -1) >= 0) taken++
  }
}
