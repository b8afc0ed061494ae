/**
 * The changelog of a task: what its state, its progress and its lease are rebuilt from.
 *
 * Key layout, first byte the kind:
 *   01                                    progress of the partition, JSON
 *   02                                    barrier, the uuid of the owner that wrote it
 *   03 slot:u8 page:u16 key:utf-8         one page of one part of one key's state, plain Avro; null deletes the page
 *
 * A page whose schema is not the first one of its part says so in the header `v`, see `page-versions.ts`. `slot` counts the store parts of the stage in graph order; the fold hash in the progress covers that order.
 */
import type { Parts, Single } from '../processors/define.ts'
import type { RecordSchema } from '../schemas/record.ts'
import type { Stage } from './graph.ts'
import type { LogRecord } from './log-port.ts'
import { type PageFormat, pageFormat, pageVersion } from './page-versions.ts'

const PROGRESS = 1
const BARRIER = 2
const DATA = 3
export const progressKey = Buffer.from([PROGRESS])
export const barrierKey = Buffer.from([BARRIER])

export interface Progress {
  /** Fold hash of the state. */
  readonly hash: string
  /** Topic (with namespace) → next offset to process. */
  readonly positions: Readonly<Record<string, number>>
  /** Commits so far. */
  readonly commit: number
  /**
   * State written after this changelog offset may not have been published to its coalesced tables; 'all' when everything
   * up to this very record has.
   */
  readonly publishedUpTo: number | 'all'
  /** Source task → last source offset whose signals are counted. */
  readonly appliedUpTo: Readonly<Record<string, number>>
}

/** One part of one store of the stage, with its number in changelog keys. */
export interface Slot {
  readonly processor: number
  readonly part: string
  readonly kind: Single<unknown>['kind'] | 'paged'
  readonly schema: RecordSchema<unknown>
  readonly format: PageFormat
}

export function slotsOf(stage: Stage): Slot[] {
  return stage.processors.flatMap((processor, index) =>
    Object.entries((processor.store?.parts ?? {}) as Parts).map(([name, part]) => ({
      processor: index,
      part: name,
      kind: part.kind,
      schema: part.schema as RecordSchema<unknown>,
      format: pageFormat(part),
    })),
  )
}

export function dataKey(slot: number, page: number, key: string): Buffer {
  const bytes = Buffer.allocUnsafe(4 + Buffer.byteLength(key))
  bytes[0] = DATA
  bytes[1] = slot
  bytes.writeUInt16BE(page, 2)
  bytes.write(key, 4)
  return bytes
}

export type ChangelogEntry =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'barrier'; readonly uuid: string }
  | {
      readonly kind: 'data'
      readonly slot: number
      readonly page: number
      readonly key: string
      readonly value: Buffer | null
      /** Of the schema of the page. Default 1 */
      readonly version?: number
    }

/** @throws on a record that no version of this layout wrote */
export function readEntry(key: Buffer | null, value: Buffer | null, headers?: LogRecord['headers']): ChangelogEntry {
  const kind = key?.[0]
  if (key && kind === DATA)
    return {
      kind: 'data',
      slot: key[1] as number,
      page: key.readUInt16BE(2),
      key: key.toString('utf8', 4),
      value,
      version: pageVersion(headers),
    }
  if (kind === BARRIER && value) return { kind: 'barrier', uuid: value.toString() }
  if (kind === PROGRESS && value) return { kind: 'progress', progress: JSON.parse(value.toString()) as Progress }
  throw new Error(`the changelog holds a record of unknown kind ${kind}`)
}
