/**
 * The one way into the store. Calls that wait at the same time share an LMDB transaction, each of them all or nothing:
 * a call that may not go in is left out whole. Offsets and the records that readers see move only after the commit.
 */
import type { LogRecord, OutRecord } from '../../topology/log-port.ts'
import { encodeRecord, endBytes, endKey, streamKey, tableKey } from './record-bytes.ts'
import { Room } from './room.ts'
import type { Change, EmbeddedStore, StoredTopic, TopicState } from './store.ts'

/** A transaction takes no further call once it has so many changes. */
const MAX_CHANGES = 20_000

const NO_HEADERS: Readonly<Record<string, Buffer>> = Object.freeze({})

interface Job {
  /** Adds its changes. A throw refuses this call alone, so it checks before it adds. */
  plan(draft: Draft): void
  resolve(): void
  reject(error: unknown): void
}

/** What one LMDB transaction will do. */
export class Draft {
  readonly changes: Change[] = []
  readonly records = new Map<TopicState, LogRecord[]>()
  readonly created: StoredTopic[] = []
  /** Topic → first offset that is left. */
  readonly begins = new Map<TopicState, number>()
  readonly #room: Room
  readonly #nowMs: number

  constructor(room: Room, nowMs: number) {
    this.#room = room
    this.#nowMs = nowMs
  }

  create(topic: StoredTopic): void {
    this.created.push(topic)
    this.changes.push({ db: 'meta', key: ['topic', topic.settings.name], value: topic })
  }

  append(topic: TopicState, record: OutRecord): number {
    let appended = this.records.get(topic)
    if (!appended) {
      appended = []
      this.records.set(topic, appended)
    }
    const offset = topic.next + appended.length
    const timestampMs = Math.max(topic.lastMs, this.#nowMs)
    const { key, value, headers = NO_HEADERS } = record
    appended.push({ topic: record.topic, partition: 0, offset, timestampMs, key, value, headers })
    const bytes = encodeRecord(record, offset, timestampMs, this.#room)
    if (topic.settings.cleanup === 'compact' && key)
      this.#replace(topic, tableKey(topic.id, key), bytes, offset, !value)
    else this.changes.push({ db: 'streams', key: streamKey(topic.id, offset), value: bytes })
    return offset
  }

  /** To be called once, when everything is appended. */
  end(): void {
    for (const [topic, records] of this.records) {
      const value = endBytes(topic.next + records.length, records.at(-1)?.timestampMs ?? topic.lastMs)
      this.changes.push({ db: 'ends', key: endKey(topic.id), value })
    }
  }

  #replace(topic: TopicState, key: Buffer, value: Buffer, offset: number, isTombstone: boolean): void {
    this.changes.push({ db: 'tables', key, value })
    if (isTombstone) this.changes.push({ db: 'tombstones', key: streamKey(topic.id, offset), value: key })
  }
}

export class EmbeddedWriter {
  readonly #store: EmbeddedStore
  readonly #now: () => number
  readonly #onAppend: (topic: TopicState) => void
  readonly #room = new Room()
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
    const draft = new Draft(this.#room, this.#now())
    const jobs = this.#plan(draft)
    draft.end()
    try {
      if (draft.changes.length > 0) await this.#store.write(draft.changes)
    } catch (error) {
      for (const job of jobs) job.reject(error)
      return
    } finally {
      this.#room.clear()
    }
    for (const topic of draft.created) this.#store.addTopic(topic)
    for (const [topic, begin] of draft.begins) topic.begin = begin
    for (const [topic, records] of draft.records) {
      topic.next += records.length
      for (const record of records) {
        topic.lastMs = record.timestampMs
        topic.tail.push(record)
        if (topic.index && record.key) topic.index.add(record, tableKey(topic.id, record.key))
      }
      if (topic.index?.isStale) topic.index = undefined
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
