// Generated from avro/catalogued-item.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Facts of one catalogue item. */
export interface Item {
  /** shown name */
  title: string
  /** text */
  description: string | null
  /** most specific first */
  categories: string[]
  /** maker */
  brand: string | null
  /** author, artist, director, channel */
  creator: string | null
  /** free words */
  tags: string[]
  /** in the shop currency */
  price: number | null
  /** average rating */
  rating: number | null
  /** length of a video or track, ms */
  durationMs: number | null
  /** ms since the epoch */
  publishedAt: number | null
  /** false takes the item out of every list */
  available: boolean
  /** low, normal, high */
  marginTier: string | null
  /** may fill labelled slots */
  sponsored: boolean
  /** supplied vector of any length */
  embedding: number[] | null
  /** anything else */
  properties: Record<string, string>
}

/** Dense row and catalogue facts of one item. */
export interface CataloguedItem {
  /** local index × partitions + partition, given at first touch */
  row: number
  /** dictionary epoch */
  epoch: number
  /** how often the catalogue has spoken of the item: as long as it stands, so do the facts */
  revision: number
  /** null while the catalogue does not know the item */
  item: Item | null
}

export const cataloguedItem: RecordSchema<CataloguedItem> = recordSchema('catalogued-item')
