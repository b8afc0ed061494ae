// Generated from avro/admission-page.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Eight of the last 256 admitted events of a visitor, as processors/admission/memory.ts lays them out. */
export interface AdmissionPage {
  /** running number of the page, from 0 */
  number: number
  /** second of its first event since the epoch, event time */
  baseS: number
  /** six numbers an event, in order of arrival */
  slots: number[]
}

export const admissionPage: RecordSchema<AdmissionPage> = recordSchema('admission-page')
