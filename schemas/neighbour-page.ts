// Generated from avro/neighbour-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Accumulators of one epoch, scaled by 2^16. */
export interface EpochColumn {
  epoch: number
  /** by slot; 0 or missing where the slot has none */
  sums: number[]
}

/** Up to 16 neighbours of an item in one relation, by columns; a neighbour keeps its slot until it is replaced. */
export interface NeighbourPage {
  /** newest event time counted in the page */
  newestMs: number
  /** a neighbour of the page was replaced, or one refused, because the row was full */
  overflowed: boolean
  /** by slot, 1 to 16 */
  itemIds: string[]
  /** ascending */
  epochs: EpochColumn[]
  /** what a slot took over from the neighbour it replaced */
  errors: EpochColumn[]
}

export const neighbourPage: RecordSchema<NeighbourPage> = recordSchema('neighbour-page')
