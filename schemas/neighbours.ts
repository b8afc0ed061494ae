// Generated from avro/neighbours.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Accumulator of one epoch of a decayed counter, scaled by 2^16. */
export interface EpochSum {
  epoch: number
  sum: number
}

/** Raw decayed count of one neighbour. */
export interface NeighbourSlot {
  /** the other item */
  itemId: string
  /** at most eight epochs, ascending */
  sums: EpochSum[]
  /** by how much Space-Saving may have over-counted `sums`, decaying like them; empty where exact */
  error: EpochSum[]
}

/** Raw counts of all neighbours of an item in one relation. */
export interface Neighbours {
  itemId: string
  /** viewed-with, next or bought-with */
  relation: string
  /** newest event time counted */
  newestMs: number
  /** the row has ever been full */
  overflowed: boolean
  /** at most 512 */
  slots: NeighbourSlot[]
}

export const neighbours: RecordSchema<Neighbours> = recordSchema('neighbours')
