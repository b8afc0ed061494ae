// Generated from avro/profile-facts.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** What is known of a visitor in single values. */
export interface ProfileFacts {
  /** greatest event time admitted */
  atMs: number
  /** admitted positive events */
  positives: number
  /** last seen */
  country: string | null
  /** last seen */
  device: string | null
  /** last seen */
  language: string | null
}

export const profileFacts: RecordSchema<ProfileFacts> = recordSchema('profile-facts')
