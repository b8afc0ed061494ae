/** What most people take, in the visitor's categories, country, on their kind of device, and everywhere. */
import type { Source } from '../source.ts'
import { collectSegments } from './segments.ts'

export const popular = {
  name: 'popular',
  halfScore: 0.5,
  collect(ask, { trending: { popular } }, into) {
    collectSegments(popular, ask, into)
  },
} as const satisfies Source
