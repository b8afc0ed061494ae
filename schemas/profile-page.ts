// Generated from avro/profile-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Up to 16 of the last 200 items of a visitor, by columns; an item keeps its slot. */
export interface ProfilePage {
  /** one character a slot, a hash of the item id */
  tags: string
  itemIds: string[]
  /** greatest weight given, half-units; negative where no other was given */
  strengths: number[]
  /** greatest event time of its interactions */
  lastMs: number[]
  /** positive interactions */
  counts: number[]
  /** whether the interaction at lastMs was a negative one */
  negatives: boolean[]
}

export const profilePage: RecordSchema<ProfilePage> = recordSchema('profile-page')
