// Generated from avro/pair-window.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One item of the window. */
export interface WindowItem {
  itemId: string
  /** greatest weight given while in the window, half-units, above 0 */
  strength: number
  /** greatest event time of its positive interactions */
  lastMs: number
}

/** The items of a visitor that make pairs with the next one. */
export interface PairWindow {
  /** oldest lastMs first, ties in order of arrival */
  items: WindowItem[]
}

export const pairWindow: RecordSchema<PairWindow> = recordSchema('pair-window')
