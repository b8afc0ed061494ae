// Generated from avro/profile-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** One item of the long-term profile. */
export interface ProfileSlot {
  itemId: string
  /** greatest weight given, half-units; negative where no other was given */
  strength: number
  /** greatest event time of its interactions */
  lastMs: number
  /** positive interactions */
  count: number
  /** whether the interaction at lastMs was a negative one */
  negative: boolean
}

/** Up to 16 of the last 200 items of a visitor; an item keeps its slot. */
export interface ProfilePage {
  slots: ProfileSlot[]
}

export const profilePage: RecordSchema<ProfilePage> = recordSchema('profile-page')
