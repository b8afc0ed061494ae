// Generated from avro/profile.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** An item of the running session. */
export interface RecentItem {
  itemId: string
  /** interaction type */
  type: string
  /** event time */
  atMs: number
}

/** What every event changes. */
export interface ProfileHot {
  /** start of the running session */
  sessionStartedAtMs: number
  /** interactions in it */
  sessionEvents: number
  /** of the session, oldest first, at most 20 */
  recent: RecentItem[]
  /** items in the cart of this session, at most 50 */
  cart: string[]
  /** admitted positive events so far, what the maturity rung is read from */
  positives: number
  /** last seen */
  country: string | null
  /** last seen */
  device: string | null
  /** last seen */
  language: string | null
  /** last search of the session */
  query: string | null
}

/** One item of the long-term profile. */
export interface ProfileItem {
  itemId: string
  /** greatest weight given, half-units */
  strength: number
  /** event time of the last interaction */
  lastMs: number
  /** positive interactions */
  count: number
  /** skipped or disliked after the last positive one */
  negative: boolean
}

/** The long-term profile, published less often. */
export interface ProfileCold {
  /** at most 200, oldest interaction first */
  items: ProfileItem[]
  /** ring of the last 1,000, oldest first */
  bought: string[]
  /** recently shown, oldest first, at most 100 */
  shown: string[]
}

/** Half of what is known of a visitor: each record carries the hot or the cold half under its own key. */
export interface Profile {
  /** kind-tagged id */
  visitor: string
  /** of the source record */
  partition: number
  /** source offset: everything up to it is in here */
  offset: number
  /** append time of that record, ms since the epoch */
  appendedAtMs: number
  /** its event time */
  atMs: number
  hot: ProfileHot | null
  cold: ProfileCold | null
}

export const profile: RecordSchema<Profile> = recordSchema('profile')
