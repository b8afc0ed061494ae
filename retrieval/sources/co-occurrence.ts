/**
 * Items seen by those who saw the visitor's items: `similar` of each of them, by strength and recency. The item that counts
 * most brings all its neighbours, one that hardly counts its first LEAST: the rest could not get far, but would cost as much.
 */
import { MAX_RELATED } from '../related-index.ts'
import type { Source } from '../source.ts'

/** What the neighbours of a disliked item lose, beside what those of the newest liked one gain. */
const AVERSION = 0.5
const LEAST = 8

export const coOccurrence = {
  name: 'co-occurrence',
  halfScore: 0.1, // a cosine of 0.1 to the newest item: neighbours by more than chance
  collect(ask, { related }, into) {
    const { similar } = related
    let greatest = 0
    for (let a = 0; a < ask.anchorCount; a++) greatest = Math.max(greatest, ask.anchorWeights[a] as number)
    for (let a = 0; a < ask.anchorCount; a++) {
      const anchor = ask.anchors[a] as number
      const weight = ask.anchorWeights[a] as number
      const start = similar.startOf(anchor)
      if (start < 0) continue
      const most = LEAST + Math.round(((MAX_RELATED - LEAST) * weight) / greatest)
      const end = start + Math.min(most, similar.lengthAt(start))
      for (let i = start; i < end; i++) {
        into.add(similar.items[i] as number, weight * (similar.scores[i] as number), anchor)
      }
    }
    for (let a = 0; a < ask.aversionCount; a++) {
      const start = similar.startOf(ask.aversions[a] as number)
      if (start < 0) continue
      const end = start + similar.lengthAt(start)
      for (let i = start; i < end; i++) {
        into.lower(similar.items[i] as number, AVERSION * (similar.scores[i] as number))
      }
    }
  },
} as const satisfies Source
