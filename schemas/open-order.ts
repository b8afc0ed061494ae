// Generated from avro/open-order.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One of the orders of a visitor that further purchases may join. */
export interface OpenOrder {
  /** o: and the orderId, or s: and the start of the session, ms since the epoch */
  order: string
  /** running number of its last change among the orders of the visitor */
  turn: number
  /** distinct, in order of arrival */
  items: string[]
}

export const openOrder: RecordSchema<OpenOrder> = recordSchema('open-order')
