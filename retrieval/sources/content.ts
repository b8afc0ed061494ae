/**
 * The items most like the visitor's last ones by what they are, or like the categories a new visitor named. An item that
 * nobody has touched yet is found here, and so are the items of a visitor whose items nobody else has touched.
 */
import type { Source, Tables } from '../source.ts'
import type { Ask } from '../ask.ts'
import { DIM } from '../vector-slab.ts'

/** Items that the query is made of; the newest counts most. */
export const CONTENT_ITEMS = 3

export const content = {
  name: 'content',
  halfScore: 0.5,
  collect(ask, tables, into) {
    if (!ask.hasContent) return
    const found = tables.nearest.content
    for (let i = 0; i < found.count; i++) {
      const item = found.items[i] as number
      into.add(item, found.scores[i] as number, likest(item, ask, tables))
    }
  },
} as const satisfies Source

/** @returns the one of the visitor's last items that is most like `item`; −1 where they have none */
function likest(item: number, ask: Ask, { items }: Tables): number {
  const { rows, size } = items.vectors
  let best = -1
  let bestDot = 0
  for (let a = 0; a < ask.anchorCount && a < CONTENT_ITEMS; a++) {
    const anchor = ask.anchors[a] as number
    if (anchor >= size) continue
    let dot = 0
    for (let d = 0; d < DIM; d++) dot += (rows[item * DIM + d] as number) * (rows[anchor * DIM + d] as number)
    if (dot > bestDot) {
      best = anchor
      bestDot = dot
    }
  }
  return best
}
