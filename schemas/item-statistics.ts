// Generated from avro/item-statistics.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Accumulator of one epoch of a decayed counter, scaled by 2^16. */
export interface EpochSum {
  epoch: number
  sum: number
}

/** Counters of one item. */
export interface ItemStatistics {
  /** newest event time counted */
  newestMs: number
  /** events by type, none of them 0 */
  counts: Record<string, number>
  /** sum of strengths, half-units, decayed like its pairs */
  viewedNorm: EpochSum[]
  /** orders that held it, decayed like its pairs */
  boughtNorm: EpochSum[]
}

export const itemStatistics: RecordSchema<ItemStatistics> = recordSchema('item-statistics')
