/** What is being taken more than usual, by the same segments as `popular`. */
import type { Source } from '../source.ts'
import { collectSegments } from './segments.ts'

export const trending = {
  name: 'trending',
  halfScore: 0.5,
  collect(ask, tables, into) {
    collectSegments(tables.trending.trending, ask, into)
  },
} as const satisfies Source
