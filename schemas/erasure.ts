// Generated from avro/erasure.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** A request to forget a user. */
export interface Erasure {
  userId: string
  requestedAt: number
  reason: string | null
}

export const erasure: RecordSchema<Erasure> = recordSchema('erasure')
