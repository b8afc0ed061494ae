// Generated from avro/known-items.avsc by `npm run schemas`: change that file, not this one.
import { type RecordSchema, recordSchema } from './record.ts'

/** What a visitor has seen, bought, been shown or turned down: sorted 48-bit hashes of item ids, 6 bytes each, big-endian. Redis only. */
export interface KnownItems {
  /** at most 200 */
  seen: Buffer
  /** at most 1,000 */
  bought: Buffer
  /** at most 100 */
  shown: Buffer
  /** at most 200 */
  negative: Buffer
}

export const knownItems: RecordSchema<KnownItems> = recordSchema('known-items')
