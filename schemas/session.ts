// Generated from avro/session.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** The running session of a visitor but for its interactions. */
export interface SessionState {
  /** event time of the interaction that opened it */
  startedAtMs: number
  /** greatest event time in it */
  lastSeenMs: number
  /** first client session id met in it */
  sessionId: string | null
  /** interactions in it, impressions left out */
  events: number
  /** last search of the session */
  query: string | null
}

export const sessionState: RecordSchema<SessionState> = recordSchema('session')
