// Generated from avro/session-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One interaction of a session. */
export interface SessionEntry {
  itemId: string
  /** interaction type */
  type: string
  /** event time */
  atMs: number
}

/** Six of the last interactions of a session. */
export interface SessionPage {
  /** running number of the page, from 0 */
  number: number
  /** in order of arrival, 1 to 6 */
  entries: SessionEntry[]
}

export const sessionPage: RecordSchema<SessionPage> = recordSchema('session-page')
