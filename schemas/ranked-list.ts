// Generated from avro/ranked-list.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** The candidates of one visitor, best first, column by column. */
export interface RankedList {
  /** kind-tagged id */
  visitor: string
  /** unique per build */
  listId: string
  /** clock of the builder */
  builtAtMs: number
  /** of the newest interaction it knows; −1 where there is none */
  partition: number
  /** of that interaction; −1 where there is none */
  offset: number
  /** append time of that interaction, 0 where there is none */
  appendedAtMs: number
  /** what blended it */
  model: string
  /** cold, session, hybrid or full */
  rung: string
  /** what every id in because and itemIds begins with and is written without; never ends within a character */
  idPrefix: string
  /** ids, without idPrefix, of the items that reasons refers to; at most 255 */
  because: string[]
  /** ids, without idPrefix, best first; scores, sources and source have an entry for each, in this order */
  itemIds: string[]
  /** blended, in ten-thousandths, 1 to 10,000: the first as it is, every later one as the difference to the one before it */
  scores: number[]
  /** a byte an item: bit set of the candidate sources that found it, see retrieval/sources.ts */
  sources: Buffer
  /** a byte an item: number of the source that gave most of its score */
  source: Buffer
  /** of each item in order a byte n, 0 to 3, and n places in because, a byte each, strongest first; written of the public items only, the first 50 */
  reasons: Buffer
}

export const rankedList: RecordSchema<RankedList> = recordSchema('ranked-list')
