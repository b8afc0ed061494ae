/**
 * The items most like the visitor's last ones by what they are, or like the categories a new visitor named. An item that
 * nobody has touched yet is found here, and so are the items of a visitor whose items nobody else has touched.
 */
import type { Source, Tables } from '../source.ts'
import type { Ask } from '../ask.ts'
import { DIM } from '../vector-slab.ts'

/** Items that the query is made of; the newest counts most. */
export const CONTENT_ITEMS = 3

/** Of the best so many it is looked up which item they are like; the rest are put down to the newest. */
const EXPLAINED = 20

export const content = {
  name: 'content',
  halfScore: 0.5,
  collect(ask, tables, into) {
    if (!ask.hasContent) return
    const found = tables.nearest.content
    const newest = ask.anchorCount > 0 ? (ask.anchors[0] as number) : -1
    for (let i = 0; i < found.count; i++) {
      const item = found.items[i] as number
      const because = i < EXPLAINED ? likest(item, ask, tables) : newest
      into.add(item, found.scores[i] as number, because)
    }
  },
} as const satisfies Source

/** @returns the one of the visitor's last items that is most like `item`; −1 where they have none */
function likest(item: number, ask: Ask, { items }: Tables): number {
  const anchors = Math.min(ask.anchorCount, CONTENT_ITEMS)
  if (anchors === 1) return ask.anchors[0] as number
  const { rows, size } = items.vectors
  let best = -1
  let bestDot = 0
  for (let a = 0; a < anchors; a++) {
    const anchor = ask.anchors[a] as number
    if (anchor >= size) continue
    const dot = dotOf(rows, item * DIM, anchor * DIM)
    if (dot > bestDot) {
      best = anchor
      bestDot = dot
    }
  }
  return best
}

/** Four sums, so that one addition need not wait for the one before. */
function dotOf(rows: Float32Array, a: number, b: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  for (let d = 0; d < DIM; d += 4) {
    s0 += (rows[a + d] as number) * (rows[b + d] as number)
    s1 += (rows[a + d + 1] as number) * (rows[b + d + 1] as number)
    s2 += (rows[a + d + 2] as number) * (rows[b + d + 2] as number)
    s3 += (rows[a + d + 3] as number) * (rows[b + d + 3] as number)
  }
  return s0 + s1 + (s2 + s3)
}
