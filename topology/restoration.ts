/**
 * A task's state on its way back from the changelog: last write wins, up to the barrier that the new owner wrote itself.
 * What may be written but not yet published to its coalesced tables is remembered.
 */
import { type Progress, readEntry } from './changelog.ts'
import type { Stage } from './graph.ts'
import type { LogRecord } from './log-port.ts'
import type { TaskState } from './state.ts'

export interface Unpublished {
  readonly processor: number
  readonly key: string
  /** Changelog offset of its state. */
  readonly offset: number
}

/** How much of the changelog has been read. */
export interface Restored {
  readonly records: number
  /** Of keys and values. */
  readonly bytes: number
}

export class Restoration {
  readonly #state: TaskState
  #offset = -1
  #records = 0
  #bytes = 0
  #progress: Progress | undefined
  /** By processor, those with tables: key → changelog offset of its state. */
  readonly #written: readonly (Map<string, number> | undefined)[]
  #publishedUpTo = -1

  constructor(state: TaskState, stage: Stage) {
    this.#state = state
    this.#written = stage.processors.map(({ tables }) => (tables ? new Map() : undefined))
  }

  /** Last changelog offset that memory holds, −1 for none: a later opening goes on behind it. */
  get offset(): number {
    return this.#offset
  }

  get progress(): Progress | undefined {
    return this.#progress
  }

  /** @returns what was read since the last call */
  takeRestored(): Restored {
    const restored = { records: this.#records, bytes: this.#bytes }
    this.#records = 0
    this.#bytes = 0
    return restored
  }

  /** @returns true when the record is the barrier */
  take(record: LogRecord, barrier: string): boolean {
    if (record.offset <= this.#offset) return false
    this.#offset = record.offset
    this.#records++
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
    const entry = readEntry(record.key, record.value, record.headers)
    if (entry.kind === 'barrier') return entry.uuid === barrier
    if (entry.kind === 'progress') {
      this.#progress = entry.progress
      this.#published(entry.progress.publishedUpTo)
    } else {
      const { processor, key } = this.#state.restore(entry)
      this.#written[processor]?.set(key, record.offset)
    }
    return false
  }

  /** A transaction of ours is in the log: memory holds it already. */
  committed(offset: number, progress: Progress): void {
    this.#offset = offset
    this.#progress = progress
  }

  /** @returns in order of offset */
  takeUnpublished(): Unpublished[] {
    const all: Unpublished[] = []
    for (const [processor, written] of this.#written.entries()) {
      for (const [key, offset] of written ?? []) if (offset > this.#publishedUpTo) all.push({ processor, key, offset })
      written?.clear()
    }
    return all.sort((a, b) => a.offset - b.offset)
  }

  /** One by one they are left out at the end: a changelog has a progress for every commit. */
  #published(upTo: Progress['publishedUpTo']): void {
    if (upTo === 'all') for (const written of this.#written) written?.clear()
    else this.#publishedUpTo = Math.max(this.#publishedUpTo, upTo)
  }
}
