/**
 * Internal values of Redis: one byte that names the kind, one byte of layout version, then plain Avro.
 *
 *   byte 0   'C' candidates (RankedList), 'S' session tier, 'K' known items, 'F' item facts
 *   byte 1   layout version
 *   byte 2…  Avro binary, written with the schema of that layout
 *
 * Another kind or layout is a miss, never a wrong answer: the value is disposable and the sink writes it anew.
 */
import { itemFacts } from './item-facts.ts'
import { knownItems } from './known-items.ts'
import { rankedList } from './ranked-list.ts'
import type { RecordSchema } from './record.ts'
import { sessionTier } from './session-tier.ts'

export interface Packing<T> {
  pack(value: T): Buffer
  /** @param avro - a value that was encoded before, by the schema of this layout */
  wrap(avro: Buffer): Buffer
  /** @returns undefined for bytes of another kind or layout, cut short, or absent */
  unpack(bytes: Buffer | undefined): T | undefined
}

function packing<T>(kind: string, layout: number, schema: RecordSchema<T>): Packing<T> {
  const head = Buffer.from([kind.charCodeAt(0), layout])
  return {
    pack: value => schema.encode(value, head),
    wrap: avro => Buffer.concat([head, avro]),
    unpack(bytes) {
      if (!bytes || bytes.length < 2 || bytes[0] !== head[0] || bytes[1] !== layout) return undefined
      try {
        return schema.decode(bytes, head.length)
      } catch {
        return undefined // cut short, or of a schema that forgot to raise its layout: a miss
      }
    },
  }
}

export const packedCandidates = packing('C', 2, rankedList)
export const packedSession = packing('S', 1, sessionTier)
export const packedKnown = packing('K', 1, knownItems)
export const packedFacts = packing('F', 1, itemFacts)
