/**
 * The embedded log on disk: one LMDB environment with five databases.
 *
 *   meta         'owner' | 'layout' | ['topic', name] | ['group', group, topic]    JSON
 *   ends         topic → its next offset and last time, written with every transaction that appends to it
 *   streams      topic and offset → record
 *   tables       topic and key → the newest record of the key
 *   tombstones   topic and offset of a table's tombstone → its table key; what is to be looked at when it expires
 */
import { setImmediate as turn } from 'node:timers/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb'
import { FreshetError } from '../../schemas/errors.ts'
import type { LogRecord, TopicSettings } from '../../topology/log-port.ts'
import { orDiskFull } from './disk-full.ts'
import { DiskReserve } from './disk-reserve.ts'
import { isRunning, type Owner, thisProcess } from './owner.ts'
import { decodeRecord, endKey, endOf, offsetOfKey, offsetOfRecord, streamKey } from './record-bytes.ts'
import { type IndexEntry, TableIndex } from './table-index.ts'
import { Tail } from './tail.ts'

/** A topic as it stands in `meta`. */
export interface StoredTopic {
  readonly id: number
  readonly settings: TopicSettings
  readonly begin: number
}

/** A topic in use; the numbers are those of the last commit. */
export interface TopicState {
  readonly id: number
  readonly settings: TopicSettings
  readonly tail: Tail
  /** While somebody reads a table from behind its tail. */
  index: TableIndex | undefined
  begin: number
  next: number
  lastMs: number
}

/** One change to one database; no value deletes. */
export type Change =
  | { readonly db: 'ends' | 'streams' | 'tables' | 'tombstones'; readonly key: Buffer; readonly value?: Buffer }
  | { readonly db: 'meta'; readonly key: string[]; readonly value: unknown }

export interface Slice {
  readonly records: readonly LogRecord[]
  readonly nextOffset: number
}

/** Rises with every change of what lies in the databases. */
const LAYOUT = 2
const SLICE_BYTES = 1024 * 1024
/** Keys of a table looked at before others have a turn. */
const SCAN_KEYS = 2_000
/** At most, of what stands in `meta`. */
const PLAIN_BYTES = 2_048

type BinaryDatabase = Database<Buffer, Buffer>
const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const

export class EmbeddedStore {
  readonly topics = new Map<string, TopicState>()
  readonly #root: RootDatabase
  readonly #meta: Database<unknown, string | string[]>
  readonly #ends: BinaryDatabase
  readonly #streams: BinaryDatabase
  readonly #tables: BinaryDatabase
  readonly #tombstones: BinaryDatabase
  readonly #byName: Readonly<Record<'ends' | 'streams' | 'tables' | 'tombstones', BinaryDatabase>>
  readonly #directory: string
  readonly #isDurable: boolean
  readonly #isReader: boolean
  /** Of a holder. */
  #reserve: DiskReserve | undefined
  /** Of a reader: all it reads is of the moment it was opened. */
  readonly #snapshot: { readonly transaction: Transaction } | undefined

  /**
   * @param isReader - reads what is committed now, and neither holds the directory nor needs it to be free
   * @throws FreshetError DIRECTORY_IN_USE, DISK_FULL, or STATE_MISMATCH where another version of Freshet has written it
   */
  constructor(directory: string, { isDurable, isReader }: { isDurable: boolean; isReader: boolean }) {
    if (!isReader) mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#isDurable = isDurable
    this.#isReader = isReader
    // Every write is a batch of its own. One that lmdb makes of an event turn fails by a promise that nobody hears, which ends the process.
    const options = { maxDbs: 8, eventTurnBatching: false, readOnly: isReader }
    const path = join(directory, 'log.mdb')
    this.#root = open({ path, ...options })
    this.#meta = this.#database(directory, 'meta', { encoding: 'json' })
    if (!isReader) this.#claim(directory, path)
    this.#checkLayout(directory)
    this.#ends = this.#database(directory, 'ends', BINARY)
    this.#streams = this.#database(directory, 'streams', BINARY)
    this.#tables = this.#database(directory, 'tables', BINARY)
    this.#tombstones = this.#database(directory, 'tombstones', BINARY)
    this.#byName = {
      ends: this.#ends,
      streams: this.#streams,
      tables: this.#tables,
      tombstones: this.#tombstones,
    }
    // Behind the opening of the databases, which would end it.
    this.#snapshot = isReader ? { transaction: this.#root.useReadTransaction() } : undefined
    this.#loadTopics()
  }

  /** Writes all or nothing. Resolves when it would survive kill −9, or, if durable, power loss. */
  async write(changes: readonly Change[]): Promise<void> {
    if (this.#isReader) throw new Error('wanted a log that is held, this one is only read')
    try {
      this.#takeRoom(changes)
      await this.#root.batch(() => {
        for (const change of changes) this.#apply(change)
      })
    } catch (error) {
      throw orDiskFull(await reasonOf(error), this.#directory)
    }
    if (this.#isDurable) await this.#root.flushed
  }

  /** @returns records of a stream from `offset` to before `end`, at most `maxRecords` or about 1 MB, and where to read on */
  read(topic: TopicState, offset: number, end: number, maxRecords: number): Slice {
    const records: LogRecord[] = []
    const range = {
      start: streamKey(topic.id, offset),
      end: streamKey(topic.id, end),
      limit: maxRecords,
      ...this.#snapshot,
    }
    let bytes = 0
    for (const { value } of this.#streams.getRange(range)) {
      const record = decodeRecord(topic.settings.name, value)
      records.push(record)
      bytes += value.length
      if (bytes > SLICE_BYTES || records.length === maxRecords) return { records, nextOffset: record.offset + 1 }
    }
    return { records, nextOffset: end }
  }

  /** @returns as `read`, of a table: the newest record of every key that was last written from `offset` on */
  async readTable(topic: TopicState, offset: number, maxRecords: number): Promise<Slice> {
    const index = await this.#indexOf(topic, offset)
    const records: LogRecord[] = []
    let bytes = 0
    for (const { offset: at, key } of index.since(offset)) {
      const value = this.#tables.get(Buffer.from(key, 'latin1'), this.#snapshot)
      // Written again: the record comes at its new offset. Or an expired tombstone.
      if (!value || offsetOfRecord(value) !== at) continue
      records.push(decodeRecord(topic.settings.name, value))
      bytes += value.length
      if (bytes > SLICE_BYTES || records.length === maxRecords) return { records, nextOffset: at + 1 }
    }
    if (topic.index === index) topic.index = undefined
    return { records, nextOffset: topic.next }
  }

  /** @returns a table's tombstones, oldest first, superseded ones included */
  tombstones(topic: TopicState, limit: number): { offset: number; key: Buffer }[] {
    const range = { start: streamKey(topic.id, 0), end: streamKey(topic.id, topic.next), limit }
    return [...this.#tombstones.getRange(range)].map(({ key, value }) => ({ offset: offsetOfKey(key), key: value }))
  }

  /** @param key - a table key */
  newest(topic: TopicState, key: Buffer): LogRecord | undefined {
    const value = this.#tables.get(key)
    return value && decodeRecord(topic.settings.name, value)
  }

  groupOffset(group: string, topic: string): number | undefined {
    const offset = this.#meta.get(['group', group, topic], this.#snapshot)
    return typeof offset === 'number' ? offset : undefined
  }

  async close(): Promise<void> {
    this.#snapshot?.transaction.done()
    if (!this.#isReader) {
      await this.#meta.remove('owner')
      await this.#root.flushed
      this.#reserve?.close()
    }
    await this.#root.close()
  }

  addTopic({ id, settings, begin }: StoredTopic, { next, lastMs } = { next: 0, lastMs: 0 }): void {
    this.topics.set(settings.name, { id, settings, begin, next, lastMs, tail: new Tail(next), index: undefined })
  }

  #takeRoom(changes: readonly Change[]): void {
    let bytes = 0
    let scattered = 0
    for (const { db, key, value } of changes) {
      if (db === 'meta') bytes += PLAIN_BYTES
      else bytes += key.length + (value?.length ?? 0)
      // A stream grows at its end.
      if (db !== 'streams' || value === undefined) scattered++
    }
    this.#reserve?.take(bytes, scattered)
  }

  #apply(change: Change): void {
    if (change.db === 'meta') this.#meta.put(change.key, change.value)
    else {
      const db = this.#byName[change.db]
      if (change.value) db.put(change.key, change.value)
      else db.remove(change.key)
    }
  }

  #database<T>(directory: string, name: string, options: object): T {
    const opened = this.#root.openDB({ name, ...options }) as T | undefined
    if (opened) return opened
    // A reader makes nothing. Whoever should have made it was ended in its very first moment.
    void this.#root.close()
    throw new FreshetError(
      'STATE_MISMATCH',
      `${directory}: wanted a log, got one without ${name}; start Freshet on it once`,
    )
  }

  #claim(directory: string, path: string): void {
    let holder: Owner | undefined
    try {
      holder = this.#root.transactionSync(() => {
        const owner = this.#meta.get('owner') as Owner | undefined
        if (owner && isRunning(owner)) return owner
        // Inside the transaction: only its holder may make the file longer.
        this.#reserve = new DiskReserve(path, () => lastPageOf(this.#root))
        this.#reserve.take(PLAIN_BYTES, 1)
        this.#meta.putSync('owner', thisProcess())
        return undefined
      })
    } catch (error) {
      this.#reserve?.close()
      void this.#root.close()
      throw error
    }
    if (!holder) return
    void this.#root.close()
    const message = `${directory}: held by process ${holder.pid}; stop it first, or use another directory`
    throw new FreshetError('DIRECTORY_IN_USE', message)
  }

  #checkLayout(directory: string): void {
    const [topic] = this.#meta.getKeys({ start: ['topic', ''], end: ['topic', '\uffff'], limit: 1 })
    const layout = this.#meta.get('layout')
    if (layout === LAYOUT) return
    if (topic === undefined && layout === undefined && !this.#isReader) return void this.#meta.putSync('layout', LAYOUT)
    if (!this.#isReader) this.#meta.removeSync('owner')
    void this.#root.close()
    const message = `${directory}: wanted a log of layout ${LAYOUT}, got ${layout ?? 1}, another version's; use another directory, or that version to take the events out (docs/operations.md, State mismatch)`
    throw new FreshetError('STATE_MISMATCH', message)
  }

  #loadTopics(): void {
    for (const { value } of this.#meta.getRange({
      start: ['topic', ''],
      end: ['topic', '\uffff'],
      ...this.#snapshot,
    })) {
      const stored = value as StoredTopic
      const end = this.#ends.get(endKey(stored.id), this.#snapshot)
      this.addTopic(stored, end && endOf(end))
    }
  }

  async #indexOf(topic: TopicState, offset: number): Promise<TableIndex> {
    for (;;) {
      if (!topic.index || topic.index.from > offset)
        topic.index = new TableIndex(offset, this.#scan(topic, offset, topic.next))
      const { index } = topic
      try {
        await index.ready
      } catch (error) {
        if (topic.index === index) topic.index = undefined
        throw error
      }
      // Meanwhile it may have been dropped, or another reader may have wanted one from further behind.
      if (topic.index === index) return index
    }
  }

  async #scan(topic: TopicState, from: number, end: number): Promise<IndexEntry[]> {
    const entries: IndexEntry[] = []
    let start = endKey(topic.id)
    for (let seen = SCAN_KEYS; seen === SCAN_KEYS; await turn()) {
      seen = 0
      const range = { start, end: endKey(topic.id + 1), limit: SCAN_KEYS, ...this.#snapshot }
      for (const { key, value } of this.#tables.getRange(range)) {
        seen++
        const offset = offsetOfRecord(value)
        if (offset >= from && offset < end) entries.push({ offset, key: Buffer.from(key).toString('latin1') })
        // The first key behind this one.
        start = Buffer.concat([key, Buffer.alloc(1)])
      }
    }
    return entries
  }
}

/** The last page in use; lmdb tells it, and its types do not. */
function lastPageOf(root: RootDatabase): number {
  const { env } = root as unknown as { readonly env: { info(): { readonly lastPageNumber: number } } }
  return env.info().lastPageNumber
}

/** What lmdb tells of a commit that failed: the reason comes a little later, by a promise of its own. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  return (error.commitError as Promise<never>).catch((reason: unknown) => reason)
}
