// Generated from avro/neighbour-page.avsc by `npm run schemas`: change that file, not this one.
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
  /** at most eight epochs, ascending, none of them 0 */
  sums: EpochSum[]
  /** what the slot took over from the neighbour it replaced */
  error: EpochSum[]
}

/** Up to 16 neighbours of an item in one relation; a neighbour keeps its slot until it is replaced. */
export interface NeighbourPage {
  /** newest event time counted in the page */
  newestMs: number
  /** a neighbour of the page was replaced, or one refused, because the row was full */
  overflowed: boolean
  /** 1 to 16 */
  slots: NeighbourSlot[]
}

export const neighbourPage: RecordSchema<NeighbourPage> = recordSchema('neighbour-page')
