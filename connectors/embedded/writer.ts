/**
 * The one way into the store. Calls that wait at the same time share an LMDB transaction, each of them all or nothing:
 * a call that may not go in is left out whole. Offsets and the records that readers see move only after the commit.
 */
import type { LogRecord, OutRecord } from '../../topology/log-port.ts'
import { encodeRecord, latestKey, offsetBytes, recordKey } from './record-bytes.ts'
import type { Change, EmbeddedStore, StoredTopic, TopicState } from './store.ts'

/** A transaction takes no further call once it has so many changes. */
const NOTHING = Buffer.alloc(0)
const MAX_CHANGES = 20_000

interface Job {
  /** Adds its changes. A throw refuses this call alone, so it checks before it adds. */
  plan(draft: Draft): void
  resolve(): void
  reject(error: unknown): void
}

const idOf = (topic: TopicState, key: Buffer): string => `${topic.id}/${key.toString('latin1')}`

/** What one LMDB transaction will do. */
export class Draft {
  readonly changes: Change[] = []
  readonly records = new Map<TopicState, LogRecord[]>()
  readonly created: StoredTopic[] = []
  /** Topic → first offset that is left. */
  readonly begins = new Map<TopicState, number>()
  readonly #store: EmbeddedStore
  readonly #nowMs: number
  /** What this transaction itself changes of `latest`. */
  readonly #latest = new Map<string, number | undefined>()

  constructor(store: EmbeddedStore, nowMs: number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  create(topic: StoredTopic): void {
    this.created.push(topic)
    this.changes.push({ db: 'meta', key: ['topic', topic.settings.name], value: topic })
  }

  append(topic: TopicState, record: OutRecord): number {
    const appended = this.records.get(topic) ?? []
    this.records.set(topic, appended)
    const offset = topic.next + appended.length
    const timestampMs = Math.max(topic.lastMs, this.#nowMs)
    const { key, value, headers = {} } = record
    appended.push({ topic: record.topic, partition: 0, offset, timestampMs, key, value, headers })
    this.changes.push({ db: 'records', key: recordKey(topic.id, offset), value: encodeRecord(record, timestampMs) })
    if (topic.settings.cleanup === 'compact' && key) this.#replace(topic, key, value, offset)
    return offset
  }

  /** @returns offset of the newest record of a table's key, this transaction included */
  latestOf(topic: TopicState, key: Buffer): number | undefined {
    const id = idOf(topic, key)
    return this.#latest.has(id) ? this.#latest.get(id) : this.#store.latest(topic, key)
  }

  /** The key has no record any more. */
  forget(topic: TopicState, key: Buffer): void {
    this.#latest.set(idOf(topic, key), undefined)
  }

  /** The record before this one goes in the same transaction. */
  #replace(topic: TopicState, key: Buffer, value: Buffer | null, offset: number): void {
    const before = this.latestOf(topic, key)
    this.#latest.set(idOf(topic, key), offset)
    if (before !== undefined) this.changes.push({ db: 'records', key: recordKey(topic.id, before) })
    this.changes.push({ db: 'latest', key: latestKey(topic.id, key), value: offsetBytes(offset) })
    if (!value) this.changes.push({ db: 'tombstones', key: recordKey(topic.id, offset), value: NOTHING })
  }
}

export class EmbeddedWriter {
  readonly #store: EmbeddedStore
  readonly #now: () => number
  readonly #onAppend: (topic: TopicState) => void
  #waiting: Job[] = []
  #running: Promise<void> | undefined

  constructor(store: EmbeddedStore, now: () => number, onAppend: (topic: TopicState) => void) {
    this.#store = store
    this.#now = now
    this.#onAppend = onAppend
  }

  /** Resolves once what `plan` added is committed; rejects with what it threw, or why the commit failed. */
  submit(plan: (draft: Draft) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ plan, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves once everything submitted so far has been answered. */
  async settled(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // A turn of the microtask queue lets calls made side by side share the first transaction, too.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#commit()
    this.#running = undefined
  }

  async #commit(): Promise<void> {
    const draft = new Draft(this.#store, this.#now())
    const jobs = this.#plan(draft)
    try {
      if (draft.changes.length > 0) await this.#store.write(draft.changes)
    } catch (error) {
      for (const job of jobs) job.reject(error)
      return
    }
    for (const topic of draft.created) this.#store.addTopic(topic)
    for (const [topic, begin] of draft.begins) topic.begin = begin
    for (const [topic, records] of draft.records) {
      topic.next += records.length
      for (const record of records) {
        topic.lastMs = record.timestampMs
        topic.tail.push(record)
      }
    }
    for (const job of jobs) job.resolve()
    for (const topic of draft.records.keys()) this.#onAppend(topic)
  }

  #plan(draft: Draft): Job[] {
    const planned: Job[] = []
    let taken = 0
    for (const job of this.#waiting) {
      if (draft.changes.length >= MAX_CHANGES) break
      taken++
      try {
        job.plan(draft)
        planned.push(job)
      } catch (error) {
        job.reject(error)
      }
    }
    this.#waiting = this.#waiting.slice(taken)
    return planned
  }
}
