/**
 * The embedded log on disk: one LMDB environment with four databases.
 *
 *   meta         'owner' | ['topic', name] | ['group', group, topic]    JSON
 *   records      topic and offset → record
 *   latest       topic and key of a table → offset of its newest record
 *   tombstones   topic and offset of a table's tombstone → nothing; what is to be looked at when it expires
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { FreshetError } from '../../schemas/errors.ts'
import type { LogRecord, TopicSettings } from '../../topology/log-port.ts'
import { isRunning, type Owner, thisProcess } from './owner.ts'
import { decodeRecord, latestKey, offsetOf, offsetOfKey, recordKey } from './record-bytes.ts'
import { Tail } from './tail.ts'

/** A topic as it stands in `meta`; `next` is what holds when the newest records have been deleted. */
export interface StoredTopic {
  readonly id: number
  readonly settings: TopicSettings
  readonly begin: number
  readonly next: number
  readonly lastMs: number
}

/** A topic in use; the numbers are those of the last commit. */
export interface TopicState {
  readonly id: number
  readonly settings: TopicSettings
  readonly tail: Tail
  begin: number
  next: number
  lastMs: number
}

/** One change to one database; no value deletes. */
export type Change =
  | { readonly db: 'records' | 'latest' | 'tombstones'; readonly key: Buffer; readonly value?: Buffer }
  | { readonly db: 'meta'; readonly key: string[]; readonly value: unknown }

export interface Slice {
  readonly records: readonly LogRecord[]
  readonly nextOffset: number
}

const SLICE_BYTES = 1024 * 1024
/** What the 48 bits of a record key hold. */
const MAX_OFFSET = 2 ** 48 - 1

type BinaryDatabase = Database<Buffer, Buffer>
const BINARY = { keyEncoding: 'binary', encoding: 'binary' } as const

export class EmbeddedStore {
  readonly topics = new Map<string, TopicState>()
  readonly #root: RootDatabase
  readonly #meta: Database<unknown, string | string[]>
  readonly #records: BinaryDatabase
  readonly #latest: BinaryDatabase
  readonly #tombstones: BinaryDatabase
  readonly #isDurable: boolean

  /** @throws FreshetError DIRECTORY_IN_USE */
  constructor(directory: string, isDurable: boolean) {
    mkdirSync(directory, { recursive: true })
    this.#isDurable = isDurable
    this.#root = open({ path: join(directory, 'log.mdb'), maxDbs: 8 })
    this.#meta = this.#root.openDB({ name: 'meta', encoding: 'json' })
    this.#records = this.#root.openDB({ name: 'records', ...BINARY })
    this.#latest = this.#root.openDB({ name: 'latest', ...BINARY })
    this.#tombstones = this.#root.openDB({ name: 'tombstones', ...BINARY })
    const holder = this.#claim()
    if (holder) {
      void this.#root.close()
      const message = `${directory}: held by process ${holder.pid}; stop it first, or use another directory`
      throw new FreshetError('DIRECTORY_IN_USE', message)
    }
    this.#loadTopics()
  }

  /** Writes all or nothing. Resolves when it would survive kill −9, or, if durable, power loss. */
  async write(changes: readonly Change[]): Promise<void> {
    await this.#root.batch(() => {
      for (const change of changes) this.#apply(change)
    })
    if (this.#isDurable) await this.#root.flushed
  }

  /**
   * @returns records from `offset` to before `end`, at most `maxRecords` or about 1 MB, and where to read on: past the
   * holes of a table too, where its newest keys lie behind
   */
  read(topic: TopicState, offset: number, end: number, maxRecords: number): Slice {
    const records: LogRecord[] = []
    const range = { start: recordKey(topic.id, offset), end: recordKey(topic.id, end), limit: maxRecords }
    let bytes = 0
    for (const { key, value } of this.#records.getRange(range)) {
      const at = offsetOfKey(key)
      records.push(decodeRecord(topic.settings.name, at, value))
      bytes += value.length
      if (bytes > SLICE_BYTES || records.length === maxRecords) return { records, nextOffset: at + 1 }
    }
    return { records, nextOffset: end }
  }

  /** @returns offset of the newest record of a table's key */
  latest(topic: TopicState, key: Buffer): number | undefined {
    const bytes = this.#latest.get(latestKey(topic.id, key))
    return bytes && offsetOf(bytes)
  }

  /** @returns offsets of a table's tombstones, oldest first */
  tombstones(topic: TopicState, limit: number): number[] {
    const range = { start: recordKey(topic.id, 0), end: recordKey(topic.id, topic.next), limit }
    return [...this.#tombstones.getKeys(range)].map(offsetOfKey)
  }

  groupOffset(group: string, topic: string): number | undefined {
    const offset = this.#meta.get(['group', group, topic])
    return typeof offset === 'number' ? offset : undefined
  }

  async close(): Promise<void> {
    await this.#meta.remove('owner')
    await this.#root.flushed
    await this.#root.close()
  }

  addTopic({ id, settings, begin, next, lastMs }: StoredTopic): void {
    this.topics.set(settings.name, { id, settings, begin, next, lastMs, tail: new Tail(next) })
  }

  #apply(change: Change): void {
    if (change.db === 'meta') this.#meta.put(change.key, change.value)
    else {
      const db = { records: this.#records, latest: this.#latest, tombstones: this.#tombstones }[change.db]
      if (change.value) db.put(change.key, change.value)
      else db.remove(change.key)
    }
  }

  /** @returns who holds the directory, undefined once we do */
  #claim(): Owner | undefined {
    return this.#root.transactionSync(() => {
      const holder = this.#meta.get('owner') as Owner | undefined
      if (holder && isRunning(holder)) return holder
      this.#meta.putSync('owner', thisProcess())
      return undefined
    })
  }

  #loadTopics(): void {
    for (const { value } of this.#meta.getRange({ start: ['topic', ''], end: ['topic', '\uffff'] })) {
      const stored = value as StoredTopic
      const newest = this.#newest(stored)
      const next = Math.max(stored.next, newest ? newest.offset + 1 : 0)
      this.addTopic({ ...stored, next, lastMs: Math.max(stored.lastMs, newest?.timestampMs ?? 0) })
    }
  }

  #newest({ id, settings }: StoredTopic): LogRecord | undefined {
    // Backwards, the start is in the range and the end is not, so neither may be a key of the topic behind.
    const ends = { start: recordKey(id, MAX_OFFSET), end: recordKey(id, 0), inclusiveEnd: true }
    const range = { ...ends, reverse: true, limit: 1 }
    for (const { key, value } of this.#records.getRange(range)) {
      return decodeRecord(settings.name, offsetOfKey(key), value)
    }
    return undefined
  }
}
