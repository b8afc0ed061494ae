/**
 * The state of one task in memory: per processor a map from key to an immutable value. A first touch keeps the old value,
 * so a transaction that failed is undone, and the difference between old and new is what the commit has to write.
 */
import type { AnyProcessor } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import type { OutRecord } from './log-port.ts'
import { type ChangelogEntry, dataKey, type Slot, slotsOf } from './changelog.ts'
import type { Stage } from './graph.ts'

type Value = Readonly<Record<string, unknown>>
interface Touch {
  readonly processor: number
  readonly key: string
  readonly old: Value | undefined
}

export class TaskState {
  readonly #slots: readonly Slot[]
  readonly #empty: readonly Value[]
  readonly #maps: readonly Map<string, Value>[]
  readonly #undo: readonly Map<string, Value | undefined>[]
  #journal: Touch[] = []

  constructor(stage: Stage) {
    this.#slots = slotsOf(stage)
    this.#empty = stage.processors.map(emptyState)
    this.#maps = stage.processors.map(() => new Map())
    this.#undo = stage.processors.map(() => new Map())
  }

  /** @returns the state of a key, or the empty state of its processor */
  get(processor: number, key: string): Value {
    return this.#maps[processor]?.get(key) ?? (this.#empty[processor] as Value)
  }

  size(processor: number): number {
    return this.#maps[processor]?.size ?? 0
  }

  entries(processor: number): IterableIterator<[string, Value]> {
    return (this.#maps[processor] as Map<string, Value>).entries()
  }

  set(processor: number, key: string, value: Value): void {
    const map = this.#maps[processor] as Map<string, Value>
    const old = map.get(key)
    this.#journal.push({ processor, key, old })
    const undo = this.#undo[processor] as Map<string, Value | undefined>
    if (!undo.has(key)) undo.set(key, old)
    put(map, key, value)
  }

  /** Start of one source record: what follows can be taken back by {@link rollbackRecord}. */
  beginRecord(): void {
    this.#journal.length = 0
  }

  /** Takes back all that was set since {@link beginRecord}. */
  rollbackRecord(): void {
    for (const { processor, key, old } of this.#journal.reverse())
      put(this.#maps[processor] as Map<string, Value>, key, old)
    this.#journal = []
  }

  /** @returns the changelog records of every page that differs from the last commit */
  changes(topic: string, partition: number): OutRecord[] {
    const records: OutRecord[] = []
    this.#slots.forEach((slot, number) => {
      for (const [key, old] of this.#undo[slot.processor] as Map<string, Value | undefined>) {
        const now = this.#maps[slot.processor]?.get(key)?.[slot.part]
        const was = old?.[slot.part]
        if (now === was) continue
        const pages = pagesOf(slot, now)
        const before = pagesOf(slot, was)
        for (let page = 0; page < Math.max(pages.length, before.length); page++) {
          const value = pages[page]
          if (value === before[page]) continue
          const bytes = value === undefined ? null : slot.schema.encode(value)
          records.push({ topic, partition, key: dataKey(number, page, key), value: bytes })
        }
      }
    })
    return records
  }

  hasChanges(): boolean {
    return this.#undo.some(map => map.size > 0)
  }

  /** The changes are in the log. */
  committed(): void {
    for (const map of this.#undo) map.clear()
  }

  /** The changes are not in the log, or nobody knows: back to the last commit. */
  rollback(): void {
    this.#undo.forEach((undo, processor) => {
      for (const [key, old] of undo) put(this.#maps[processor] as Map<string, Value>, key, old)
      undo.clear()
    })
    this.#journal = []
  }

  clear(): void {
    for (const map of [...this.#maps, ...this.#undo]) map.clear()
  }

  /**
   * Takes in one data record of the changelog.
   * @returns whose state it was
   * @throws FreshetError STATE_MISMATCH where the page was written under another schema or graph
   */
  restore(entry: Extract<ChangelogEntry, { kind: 'data' }>): { processor: number; key: string } {
    const slot = this.#slots[entry.slot]
    if (!slot)
      throw new FreshetError(
        'STATE_MISMATCH',
        `the changelog names part ${entry.slot}, the stage has ${this.#slots.length}; rebuild the state: see docs/operations.md`,
      )
    const map = this.#maps[slot.processor] as Map<string, Value>
    const state = map.get(entry.key) ?? (this.#empty[slot.processor] as Value)
    const value = entry.value === null ? undefined : readPage(slot, entry.value)
    put(map, entry.key, {
      ...state,
      [slot.part]: slot.kind === 'single' ? value : withPage(state[slot.part], entry.page, value),
    })
    return { processor: slot.processor, key: entry.key }
  }
}

function readPage(slot: Slot, bytes: Buffer): unknown {
  try {
    return slot.schema.decode(bytes)
  } catch (cause) {
    const message = `a page of ${slot.schema.name} in the changelog was written under another schema; rebuild the state: see docs/operations.md`
    throw new FreshetError('STATE_MISMATCH', message, { cause })
  }
}

function put(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined || isEmpty(value)) map.delete(key)
  else map.set(key, value)
}

function isEmpty(value: Value): boolean {
  for (const name in value) {
    const part = value[name]
    if (part !== undefined && !(Array.isArray(part) && part.length === 0)) return false
  }
  return true
}

/** @returns undefined for a `single` part, [] for a `paged` one */
export function emptyState(processor: AnyProcessor): Value {
  const parts = Object.entries((processor.store?.parts ?? {}) as Record<string, { kind: string }>)
  return Object.fromEntries(parts.map(([name, part]) => [name, part.kind === 'paged' ? [] : undefined]))
}

function pagesOf(slot: Slot, value: unknown): readonly unknown[] {
  if (slot.kind === 'paged') return (value as readonly unknown[] | undefined) ?? []
  return value === undefined ? [] : [value]
}

/** Pages come back in any order of number; a hole is a page still to come. */
function withPage(pages: unknown, page: number, value: unknown): unknown[] {
  const next = [...((pages as unknown[] | undefined) ?? [])]
  next[page] = value
  while (next.length > 0 && next.at(-1) === undefined) next.pop()
  return next
}
