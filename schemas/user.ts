// Generated from avro/user.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Facts of one user. */
export interface User {
  /** chosen at sign-up */
  preferredCategories: string[]
  /** ISO 3166-1 alpha-2 */
  country: string | null
  /** BCP 47 */
  language: string | null
  /** usual device */
  device: string | null
  /** ms since the epoch */
  signupAt: number | null
  /** anything else */
  properties: Record<string, string>
}

export const user: RecordSchema<User> = recordSchema('user')
