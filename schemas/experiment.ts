// Generated from avro/experiment.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** An experiment and its arms. */
export interface Experiment {
  name: string
  salt: string
  /** arm to share */
  arms: Record<string, number>
  surface: string | null
  startsAt: number | null
  endsAt: number | null
  properties: Record<string, string>
}

export const experiment: RecordSchema<Experiment> = recordSchema('experiment')
