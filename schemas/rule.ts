// Generated from avro/rule.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** A business rule, as data. */
export interface Rule {
  name: string
  /** pin, boost, bury, cap, exclude, … */
  kind: string
  /** where it applies; everywhere when null */
  surface: string | null
  segment: string | null
  startsAt: number | null
  endsAt: number | null
  /** lower first */
  priority: number
  enabled: boolean
  parameters: Record<string, string>
}

export const rule: RecordSchema<Rule> = recordSchema('rule')
