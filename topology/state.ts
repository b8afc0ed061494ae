/**
 * The state of one task in memory: for every key one cell, which holds an immutable value a processor. The processors of a
 * stage share their keys, so an event looks one cell up. A first touch keeps the old values: a transaction that
 * failed is undone, and the difference between old and new is what the commit has to write.
 */
import type { AnyProcessor } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import type { OutRecord } from './log-port.ts'
import { type ChangelogEntry, dataKey, type Slot, slotsOf } from './changelog.ts'
import type { Stage } from './graph.ts'

type Value = Readonly<Record<string, unknown>>
type Values = (Value | undefined)[]

interface Cell {
  readonly key: string
  /** By processor; undefined where it holds nothing of the key. */
  values: Values
  /** As of the last commit, if something was set since. */
  saved: Values | undefined
}

export class TaskState {
  readonly #slots: readonly Slot[]
  readonly #empty: readonly Value[]
  readonly #cells = new Map<string, Cell>()
  readonly #sizes: number[]
  /** Set since the last commit. A cell stays in `#cells` as long as it is here, also when it is empty. */
  #touched: Cell[] = []
  /** What one record has set, to be taken back if it is refused: three columns. */
  readonly #journalCells: Cell[] = []
  readonly #journalProcessors: number[] = []
  readonly #journalOlds: Values = []
  #last: Cell | undefined

  constructor(stage: Stage) {
    this.#slots = slotsOf(stage)
    this.#empty = stage.processors.map(emptyState)
    this.#sizes = stage.processors.map(() => 0)
  }

  /** @returns the state of a key, or the empty state of its processor */
  get(processor: number, key: string): Value {
    return this.#find(key)?.values[processor] ?? (this.#empty[processor] as Value)
  }

  /** @returns how many keys the processor holds something of */
  size(processor: number): number {
    return this.#sizes[processor] ?? 0
  }

  *entries(processor: number): Generator<[string, Value]> {
    for (const { key, values } of this.#cells.values()) {
      const value = values[processor]
      if (value !== undefined) yield [key, value]
    }
  }

  set(processor: number, key: string, value: Value): void {
    const cell = this.#cellOf(key)
    this.#journalCells.push(cell)
    this.#journalProcessors.push(processor)
    this.#journalOlds.push(cell.values[processor])
    if (cell.saved === undefined) {
      cell.saved = cell.values.slice()
      this.#touched.push(cell)
    }
    this.#put(cell, processor, value)
  }

  /** Start of one source record: what follows can be taken back by {@link rollbackRecord}. */
  beginRecord(): void {
    this.#journalCells.length = 0
    this.#journalProcessors.length = 0
    this.#journalOlds.length = 0
  }

  /** Takes back all that was set since {@link beginRecord}. */
  rollbackRecord(): void {
    for (let i = this.#journalCells.length - 1; i >= 0; i--)
      this.#put(this.#journalCells[i] as Cell, this.#journalProcessors[i] as number, this.#journalOlds[i])
    this.beginRecord()
  }

  /** @returns the changelog records of every page that differs from the last commit; made as they are asked for */
  *changes(topic: string, partition: number): Generator<OutRecord> {
    for (const { key, values, saved = [] } of this.#touched)
      for (let number = 0; number < this.#slots.length; number++) {
        const slot = this.#slots[number] as Slot
        const now = values[slot.processor]?.[slot.part]
        const was = saved[slot.processor]?.[slot.part]
        if (now === was) continue
        const pages = pagesOf(slot, now)
        const before = pagesOf(slot, was)
        for (let page = 0; page < Math.max(pages.length, before.length); page++) {
          const value = pages[page]
          if (value === before[page]) continue
          const { headers } = slot.format
          const bytes = value === undefined ? null : slot.format.encode(value)
          const record = { topic, partition, key: dataKey(number, page, key), value: bytes }
          yield headers && bytes ? { ...record, headers } : record
        }
      }
  }

  hasChanges(): boolean {
    return this.#touched.length > 0
  }

  /** The changes are in the log. */
  committed(): void {
    for (const cell of this.#touched) {
      cell.saved = undefined
      this.#dropEmpty(cell)
    }
    this.#touched = []
  }

  /** The changes are not in the log, or nobody knows: back to the last commit. */
  rollback(): void {
    for (const cell of this.#touched) {
      cell.saved?.forEach((value, processor) => {
        this.#put(cell, processor, value)
      })
      cell.saved = undefined
      this.#dropEmpty(cell)
    }
    this.#touched = []
    this.beginRecord()
  }

  clear(): void {
    this.#cells.clear()
    this.#sizes.fill(0)
    this.#touched = []
    this.#last = undefined
    this.beginRecord()
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
    const cell = this.#cellOf(entry.key)
    const state = cell.values[slot.processor] ?? (this.#empty[slot.processor] as Value)
    const value = entry.value === null ? undefined : slot.format.decode(entry.value, entry.version ?? 1)
    this.#put(cell, slot.processor, {
      ...state,
      [slot.part]: slot.kind === 'single' ? value : withPage(state[slot.part], entry.page, value),
    })
    if (cell.saved === undefined) this.#dropEmpty(cell)
    return { processor: slot.processor, key: entry.key }
  }

  #find(key: string): Cell | undefined {
    if (this.#last?.key === key) return this.#last
    const cell = this.#cells.get(key)
    if (cell) this.#last = cell
    return cell
  }

  #cellOf(key: string): Cell {
    const known = this.#find(key)
    if (known) return known
    const cell: Cell = { key, values: this.#empty.map(() => undefined), saved: undefined }
    this.#cells.set(key, cell)
    this.#last = cell
    return cell
  }

  #put(cell: Cell, processor: number, value: Value | undefined): void {
    const next = value === undefined || isEmpty(value) ? undefined : value
    const was = cell.values[processor] === undefined ? 0 : 1
    cell.values[processor] = next
    this.#sizes[processor] = this.size(processor) + (next === undefined ? 0 : 1) - was
  }

  #dropEmpty(cell: Cell): void {
    if (cell.values.some(value => value !== undefined)) return
    this.#cells.delete(cell.key)
    if (this.#last === cell) this.#last = undefined
  }
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
