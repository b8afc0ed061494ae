// Generated from avro/session-tier.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** An item of the session. */
export interface TierItem {
  itemId: string
  /** interaction type */
  type: string
  /** event time */
  atMs: number
}

/** What the server knows of a visitor who is here now. Redis only: packed, rebuilt from profiles.v1. */
export interface SessionTier {
  /** of the newest interaction in it */
  partition: number
  /** of that interaction */
  offset: number
  /** its append time */
  appendedAtMs: number
  /** its event time */
  atMs: number
  sessionStartedAtMs: number
  /** oldest first, at most 20 */
  recent: TierItem[]
  /** at most 50 */
  cart: string[]
  /** admitted positive events so far */
  positives: number
  /** last seen */
  country: string | null
  /** last seen */
  device: string | null
  /** last seen */
  language: string | null
}

export const sessionTier: RecordSchema<SessionTier> = recordSchema('session-tier')
