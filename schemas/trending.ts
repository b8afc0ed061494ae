// Generated from avro/trending.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** An item and its score. */
export interface ScoredItem {
  itemId: string
  score: number
}

/** Ranked items of one segment. */
export interface Trending {
  /** popular or trending */
  kind: string
  /** all, category:…, country:… or device:… */
  segment: string
  /** newest event time it knows */
  asOfMs: number
  /** best first, at most 200 */
  items: ScoredItem[]
}

export const trending: RecordSchema<Trending> = recordSchema('trending')
