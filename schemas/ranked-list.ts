// Generated from avro/ranked-list.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One candidate of a list. */
export interface ListItem {
  itemId: string
  /** blended, 0 to 1 */
  score: number
  /** bit set of candidate sources, see retrieval/sources.ts */
  sources: number
  /** the source that gave most of the score */
  source: number
  /** indexes into because: the items it comes from, strongest first, at most 3 */
  because: number[]
}

/** The candidates of one visitor, best first. */
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
  /** item ids that the items refer to */
  because: string[]
  /** best first */
  items: ListItem[]
}

export const rankedList: RecordSchema<RankedList> = recordSchema('ranked-list')
