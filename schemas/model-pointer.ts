// Generated from avro/model-pointer.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** Which version of a model is live. */
export interface ModelPointer {
  name: string
  version: string
  /** where its folder is */
  uri: string | null
  /** of traffic, 0 to 1 */
  share: number
  activatedAt: number
  properties: Record<string, string>
}

export const modelPointer: RecordSchema<ModelPointer> = recordSchema('model-pointer')
