/**
 * Who sees every record of the log as soon as it is committed, and forgets none: what compaction and retention take is
 * still known here. It holds the log to what can be said at once: I3, and what a restored state has to be (I6).
 */
import { type ChangelogEntry, type Progress, readEntry } from '../../topology/changelog.ts'
import type { Stage } from '../../topology/graph.ts'
import { changelogName } from '../../topology/graph.ts'
import type { LogRecord } from '../../topology/log-port.ts'
import type { StageImage } from '../../topology/read-state.ts'
import { TaskState } from '../../topology/state.ts'
import type { Complain } from './invariants.ts'

/** What a changelog says up to one record: page by page, and the progress. */
export interface Image {
  /** Changelog key, latin1 → bytes of the page. */
  readonly pages: ReadonlyMap<string, Buffer>
  readonly progress: Progress | undefined
}

interface Changelog {
  readonly stage: Stage
  readonly pages: Map<string, Buffer>
  progress: Progress | undefined
}

export class Witness {
  readonly #complain: Complain
  readonly #stages: ReadonlyMap<string, Stage>
  readonly #records = new Map<string, LogRecord[]>()
  readonly #offsets = new Map<string, Set<number>>()
  readonly #changelogs = new Map<string, Changelog>()
  readonly #barriers = new Map<string, Image>()
  commits = 0

  constructor(stages: readonly Stage[], complain: Complain) {
    this.#stages = new Map(stages.map(stage => [changelogName(stage), stage]))
    this.#complain = complain
  }

  /** Given to the log as `onCommitted`. */
  see(record: LogRecord): void {
    const { topic, partition, offset } = record
    const records = this.#records.get(topic)
    if (records) records.push(record)
    else this.#records.set(topic, [record])
    const at = `${topic}/${partition}`
    const offsets = this.#offsets.get(at)
    if (offsets) offsets.add(offset)
    else this.#offsets.set(at, new Set([offset]))
    const stage = this.#stages.get(topic)
    if (stage) this.#follow(stage, record)
  }

  isCommitted({ topic, partition, offset }: LogRecord): boolean {
    return this.#offsets.get(`${topic}/${partition}`)?.has(offset) ?? false
  }

  /** All committed records of a topic, in order within a partition. */
  records(topic: string): readonly LogRecord[] {
    return this.#records.get(topic) ?? []
  }

  /** `topic/partition` → the offset behind its last committed record. */
  ends(topics: readonly { readonly name: string }[]): Map<string, number> {
    const ends = new Map<string, number>()
    for (const { name } of topics)
      for (const { partition, offset } of this.records(name)) ends.set(`${name}/${partition}`, offset + 1)
    return ends
  }

  /** Key → its last record, tombstones too. */
  table(topic: string): Map<string, LogRecord> {
    const rows = new Map<string, LogRecord>()
    for (const record of this.records(topic)) rows.set(record.key?.toString() ?? '', record)
    return rows
  }

  /** What stood in the changelog just before a barrier; undefined for one that was never committed. */
  before(barrier: string): Image | undefined {
    return this.#barriers.get(barrier)
  }

  progressOf(stage: Stage, partition: number): Progress | undefined {
    return this.#changelogs.get(`${changelogName(stage)}/${partition}`)?.progress
  }

  /** The state of a stage as its changelog has it now. */
  imageOf(stage: Stage, partitions: number): StageImage {
    const logs = Array.from({ length: partitions }, (_, n) => this.#changelogs.get(`${changelogName(stage)}/${n}`))
    const states = logs.map(log => {
      const state = new TaskState(stage)
      for (const [key, value] of log?.pages ?? []) state.restore(dataOf(Buffer.from(key, 'latin1'), value))
      return state
    })
    return { states, progress: logs.map(log => log?.progress) }
  }

  #follow(stage: Stage, record: LogRecord): void {
    const at = `${record.topic}/${record.partition}`
    const log = this.#changelogs.get(at) ?? { stage, pages: new Map(), progress: undefined }
    this.#changelogs.set(at, log)
    const entry = readEntry(record.key, record.value)
    if (entry.kind === 'barrier') {
      this.#barriers.set(entry.uuid, { pages: new Map(log.pages), progress: log.progress })
    } else if (entry.kind === 'data') {
      const key = record.key?.toString('latin1') ?? ''
      if (record.value) log.pages.set(key, record.value)
      else log.pages.delete(key)
    } else {
      this.#proceed(at, log.progress, entry.progress)
      log.progress = entry.progress
    }
  }

  #proceed(at: string, last: Progress | undefined, next: Progress): void {
    this.commits++
    if (next.commit !== (last?.commit ?? 0) + 1)
      this.#complain('I3', `${at}: commit ${next.commit} follows commit ${last?.commit ?? 0}`)
    for (const [topic, position] of Object.entries(last?.positions ?? {}))
      if ((next.positions[topic] ?? -1) < position)
        this.#complain('I3', `${at}: ${topic} went back from ${position} to ${next.positions[topic]}`)
  }
}

function dataOf(key: Buffer, value: Buffer): Extract<ChangelogEntry, { kind: 'data' }> {
  const entry = readEntry(key, value)
  if (entry.kind !== 'data') throw new Error('wanted a data record')
  return entry
}
