// Generated from avro/session-click.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One click of one session, what a session index is rebuilt from. */
export interface SessionClick {
  /** kind-tagged id */
  visitor: string
  /** with the visitor, names the session */
  sessionStartedAtMs: number
  itemId: string
  type: string
  /** event time */
  atMs: number
}

export const sessionClick: RecordSchema<SessionClick> = recordSchema('session-click')
