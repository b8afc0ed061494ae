// Generated from avro/related.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** An item and its score. */
export interface ScoredItem {
  itemId: string
  score: number
}

/** Ranked neighbours of one item in one relation. */
export interface Related {
  itemId: string
  /** similar, next or together */
  relation: string
  /** newest event time it knows */
  asOfMs: number
  /** best first, at most 50 */
  items: ScoredItem[]
}

export const related: RecordSchema<Related> = recordSchema('related')
