// Generated from avro/popularity-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Accumulator of one epoch of a decayed counter, scaled by 2^16. */
export interface EpochSum {
  epoch: number
  sum: number
}

/** Decayed positive weight of one item in one country on one device. */
export interface PageCell {
  /** country|device, "" for an unknown half */
  cell: string
  /** half-units, half-life of popular; ascending */
  slow: EpochSum[]
  /** half-units, half-life of trending; ascending */
  fast: EpochSum[]
}

/** Up to 16 cells of the popularity of an item; a cell keeps its place. */
export interface PopularityPage {
  /** newest event time counted in the page */
  newestMs: number
  /** a cell beyond the bound was counted in the cell of unknown country and device */
  overflowed: boolean
  /** 1 to 16 */
  cells: PageCell[]
}

export const popularityPage: RecordSchema<PopularityPage> = recordSchema('popularity-page')
