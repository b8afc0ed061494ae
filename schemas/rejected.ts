// Generated from avro/rejected.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** A record that was set aside, with its original bytes so that it can be driven in again. */
export interface Rejected {
  /** where it came from */
  topic: string
  /** its partition */
  partition: number
  /** its offset */
  offset: number
  /** its append time, ms since the epoch */
  appendedAtMs: number
  /** original key */
  key: Buffer | null
  /** original value */
  value: Buffer | null
  /** see docs/errors.md */
  code: string
  /** what was wanted and what came */
  message: string
  /** how many times it had been driven in again */
  redriven: number
}

export const rejected: RecordSchema<Rejected> = recordSchema('rejected')
