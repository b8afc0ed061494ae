/** The items nearest to the user vector, by cosine, in the live space. */
import type { Source } from '../source.ts'

export const taste = {
  name: 'taste',
  halfScore: 0.5,
  collect(ask, { nearest }, into) {
    if (!ask.hasTaste) return
    const found = nearest.taste
    for (let i = 0; i < found.count; i++) into.add(found.items[i] as number, found.scores[i] as number, -1)
  },
} as const satisfies Source
