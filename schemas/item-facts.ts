// Generated from avro/item-facts.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** What the server filters, boosts and explains by. Redis only: a row of a page. */
export interface ItemFacts {
  itemId: string
  /** dense row */
  row: number
  /** dictionary epoch */
  epoch: number
  title: string
  /** most specific first */
  categories: string[]
  /** maker */
  brand: string | null
  /** in the shop currency */
  price: number | null
  /** ms since the epoch */
  publishedAt: number | null
  /** false is served by nobody */
  available: boolean
  /** low, normal, high */
  marginTier: string | null
  /** may fill labelled slots */
  sponsored: boolean
}

export const itemFacts: RecordSchema<ItemFacts> = recordSchema('item-facts')
