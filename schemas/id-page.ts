// Generated from avro/id-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Sixteen ids of a ring. */
export interface IdPage {
  /** running number of the page, from 0 */
  number: number
  /** in order of arrival, 1 to 16 */
  entries: string[]
}

export const idPage: RecordSchema<IdPage> = recordSchema('id-page')
