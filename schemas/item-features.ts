// Generated from avro/item-features.avsc by `npm run schemas`: change that file, not this one.
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

/** Accumulator of one epoch of a decayed counter, scaled by 2^16. */
export interface EpochSum {
  epoch: number
  sum: number
}

/** Catalogue facts, dense row and statistics of one item. */
export interface ItemFeatures {
  itemId: string
  /** dense row in the dictionary: local index × partitions + partition */
  row: number
  /** dictionary epoch */
  epoch: number
  /** how often the catalogue has spoken of the item: as long as it stands, so do the facts */
  revision: number
  /** null while the catalogue does not know the item */
  item: Item | null
  /** events by type */
  counts: Record<string, number>
  /** sum of strengths, half-units, decayed like its pairs */
  viewedNorm: EpochSum[]
  /** orders that held it, decayed like its pairs */
  boughtNorm: EpochSum[]
  /** newest event time counted */
  newestMs: number
}

export const itemFeatures: RecordSchema<ItemFeatures> = recordSchema('item-features')
