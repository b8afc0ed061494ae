// Generated from avro/id-list.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Ids in order. */
export interface IdList {
  /** oldest first */
  ids: string[]
}

export const idList: RecordSchema<IdList> = recordSchema('id-list')
