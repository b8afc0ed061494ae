// Generated from avro/popularity.avsc by `npm run schemas`: change that file, not this one.
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
  /** 7-day half-life, half-units */
  slow: EpochSum[]
  /** 1-day half-life, half-units */
  fast: EpochSum[]
}

/** Popularity of one item, by country and device. */
export interface Popularity {
  itemId: string
  /** newest event time counted */
  newestMs: number
  cells: PopularityCell[]
}

export const popularity: RecordSchema<Popularity> = recordSchema('popularity')
