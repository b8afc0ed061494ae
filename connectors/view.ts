/**
 * What the server reads and the sink writes: Redis, or the same in process memory. Every value carries a version and is
 * replaced only by a newer one, so that writes may come twice, late, or from a writer that lost its partition.
 * Everything in a view can be rebuilt from the log. One conformance suite holds both implementations to this page.
 */
import type { ValueKey } from '../schemas/keys.ts'

/** Newer is a higher generation, or the same one and a higher offset. Both are whole numbers from 0 to 2^53. */
export interface Version {
  /** Rises with every new incarnation of the topic the value comes from. */
  readonly generation: number
  /** Of the record the value was made from. */
  readonly offset: number
}

/** c: candidates, s: session tier, k: known items. Packed, see schemas/packed.ts. */
export type UserField = 'c' | 's' | 'k'

export type ViewWrite =
  | {
      readonly kind: 'user'
      /** Kind-tagged. */
      readonly visitor: string
      readonly field: UserField
      readonly version: Version
      /** null deletes. */
      readonly value: Buffer | null
      /** The public list that goes with the candidates: set with field c or not at all. */
      readonly rec?: PublicBody
    }
  | {
      readonly kind: 'value'
      readonly key: ValueKey
      readonly id: string
      readonly version: Version
      /** null deletes: a tombstone with a TTL keeps late writers out. */
      readonly value: PublicBody | null
    }
  | {
      readonly kind: 'item'
      readonly itemId: string
      readonly version: Version
      /** Public text fields; null deletes. */
      readonly text: Readonly<Record<string, string>> | null
      /** Where the packed facts stand; undefined for a deletion of which the row is not known. */
      readonly row?: { readonly page: number; readonly row: number; readonly facts: Buffer | null }
      /** Takes the item into the gone set, or out of it. */
      readonly isGone: boolean
      /** When it was taken down, ms since the epoch; 0 where it was not. */
      readonly goneAtMs: number
    }

/** The text of a JSON object with at least one field, without its version, which the view puts in front. */
export type PublicBody = `{${string}}`

export interface UserEntry {
  readonly c?: Buffer
  readonly s?: Buffer
  readonly k?: Buffer
}

export interface PositionMove {
  /** Topic name, without namespace. */
  readonly table: string
  readonly partition: number
  /** What must stand there now; undefined for nothing. */
  readonly from: Version | undefined
  readonly to: Version
}
/** Whether it moved; if not, what stands there. */
export type MoveResult = { readonly moved: true } | { readonly moved: false; readonly found: Version | undefined }

export interface View {
  /**
   * Resolves when every write is in, or was refused as not newer; retries for as long as it takes.
   * @param writes - any number; sent in batches of at most 200
   * @param stopping - ends the retries of a view that does not answer
   * @throws when it is stopping or closed meanwhile, or the view was refused for good
   */
  write(writes: readonly ViewWrite[], stopping?: AbortSignal): Promise<void>

  /** One round trip. @returns no fields for an unknown visitor. @throws FreshetError REDIS_UNAVAILABLE at the deadline */
  readUser(visitor: string): Promise<UserEntry>
  /** One round trip. @returns JSON with its version, in the order of ids; undefined where there is nothing. @throws as readUser */
  readValues(wanted: readonly { readonly key: ValueKey; readonly id: string }[]): Promise<(string | undefined)[]>

  /** Changes whenever a page or the gone set does; undefined when nothing was ever written. */
  itemsVersion(): Promise<string | undefined>
  /** Page number → its last change. */
  itemPages(): Promise<ReadonlyMap<number, string>>
  /** Packed facts of every row of a page. */
  itemPage(page: number): Promise<readonly Buffer[]>
  gone(): Promise<readonly string[]>
  /** Forgets what was taken down before a time: no list that lives is older. */
  pruneGone(beforeMs: number): Promise<void>

  /** @returns undefined where the sink never was, or the view lost it */
  readPosition(table: string, partition: number): Promise<Version | undefined>
  /** Compare and set, each for itself: how a sink notices that the view was flushed or went back. */
  movePositions(moves: readonly PositionMove[]): Promise<MoveResult[]>

  /** Called for every connection but the first, before anything is written over it: what was acknowledged last may be lost. */
  onReconnect(listener: () => void): void
  /** Answers, within the read deadline. */
  isUp(): boolean
  close(): Promise<void>
}

export const isNewer = (a: Version, b: Version): boolean =>
  a.generation > b.generation || (a.generation === b.generation && a.offset > b.offset)

/** @returns the text as it is stored: `{"v":[generation,offset],…}` */
export const versioned = (version: Version, body: PublicBody): string =>
  `{"v":[${version.generation},${version.offset}],${body.slice(1)}`
export const TOMBSTONE: PublicBody = '{"deleted":true}'
export const isTombstone = (text: string): boolean => text.endsWith(`],${TOMBSTONE.slice(1)}`)

/** `generation.offset`, as positions and versions of fields are written. */
export const versionText = (version: Version): string => `${version.generation}.${version.offset}`
/** @returns undefined for what versionText did not write */
export function parseVersion(text: string | null | undefined): Version | undefined {
  const match = /^(\d+)\.(\d+)$/.exec(text ?? '')
  return match ? { generation: Number(match[1]), offset: Number(match[2]) } : undefined
}
