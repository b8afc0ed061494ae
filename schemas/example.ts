// Generated from avro/example.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** A served slot joined with what followed. */
export interface Example {
  requestId: string
  userId: string | null
  anonymousId: string | null
  itemId: string
  position: number
  servedAt: number
  /** 1, 0 or null for the dropped middle */
  label: number | null
  /** interaction type to first time, ms */
  outcomes: Record<string, number>
  arms: Record<string, string>
  propensity: number | null
  features: Record<string, number>
}

export const example: RecordSchema<Example> = recordSchema('example')
