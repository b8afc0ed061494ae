/** What came next for others: `next` of the last items of the running session, the newest counting most. */
import type { Source } from '../source.ts'

const MAX_STEPS = 3 // `next` itself reaches three steps

export const sequence = {
  name: 'sequence',
  halfScore: 0.1,
  collect(ask, { related }, into) {
    const { next } = related
    const steps = Math.min(ask.sessionCount, MAX_STEPS)
    for (let s = 0; s < steps; s++) {
      const anchor = ask.session[s] as number
      const start = next.startOf(anchor)
      if (start < 0) continue
      const end = start + next.lengthAt(start)
      for (let i = start; i < end; i++) into.add(next.items[i] as number, (next.scores[i] as number) / (s + 1), anchor)
    }
  },
} as const satisfies Source
