// Generated from avro/served.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One slot as answered. */
export interface ServedSlot {
  itemId: string
  position: number
  score: number
  source: string
  /** probability of this item in this slot where it was randomised */
  propensity: number | null
  /** the rule that put it there */
  rule: string | null
}

/** An answer as it was given. */
export interface Served {
  requestId: string
  userId: string | null
  anonymousId: string | null
  listId: string | null
  /** ms since the epoch */
  at: number
  surface: string | null
  /** experiment to arm */
  arms: Record<string, string>
  /** what it fell back from */
  degraded: string[]
  model: string | null
  slots: ServedSlot[]
  /** full features of a hashed sample, by feature, one value a slot */
  features: Record<string, number[]>
}

export const served: RecordSchema<Served> = recordSchema('served')
