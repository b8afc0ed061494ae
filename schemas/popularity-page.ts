// Generated from avro/popularity-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Accumulator of one epoch of a decayed counter, scaled by 2^16. */
export interface EpochSum {
  epoch: number
  sum: number
}

/** Decayed positive weight of one item in one country on one device. */
export interface PopularityCell {
  /** "" where unknown */
  country: string
  /** "" where unknown */
  device: string
  /** half-units, half-life of popular */
  slow: EpochSum[]
  /** half-units, half-life of trending */
  fast: EpochSum[]
}

/** Up to 8 cells of the popularity of an item; a cell keeps its place. */
export interface PopularityPage {
  /** newest event time counted in the page */
  newestMs: number
  /** a cell of the page was ever counted for more than its country and device */
  overflowed: boolean
  /** 1 to 8 */
  cells: PopularityCell[]
}

export const popularityPage: RecordSchema<PopularityPage> = recordSchema('popularity-page')
