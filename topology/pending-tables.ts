/**
 * Keys whose coalesced tables have something new to say. A key waits `coalesceMs` from its first change, so the last value
 * stands for all between. What a crash leaves unpublished is found again in the changelog: every key written after
 * `unpublishedSince` is put back here by the restore.
 *
 * Keys of a table wait in the order in which they came, equally long, and what they know of the changelog only grows: so
 * the first of them is due first and reaches back furthest, and what is due is a stretch from the first on.
 */
import type { Origin, StateTable } from '../processors/define.ts'
import type { Stage } from './graph.ts'

// biome-ignore lint/suspicious/noExplicitAny: tables of any state and record
type AnyTable = StateTable<any, any>

export interface PendingKey {
  readonly processor: number
  readonly table: AnyTable
  readonly key: string
  readonly at: Origin
}
interface Waiting extends PendingKey {
  readonly dueMs: number
  /** Last changelog offset known when the key first changed: its state stands behind it. */
  readonly since: number
  at: Origin
}

/** How many places at the front of a queue may be void before they are thrown out. */
const VOID_PLACES = 1_024

class Queue {
  readonly processor: number
  readonly table: AnyTable
  readonly #byKey = new Map<string, Waiting>()
  #order: Waiting[] = []
  /** Those before it have left. */
  #head = 0

  constructor(processor: number, table: AnyTable) {
    this.processor = processor
    this.table = table
  }

  get first(): Waiting | undefined {
    return this.#order[this.#head]
  }

  touch(key: string, at: Origin, since: number, nowMs: number): void {
    const known = this.#byKey.get(key)
    if (known) {
      known.at = at
      return
    }
    const { processor, table } = this
    const one = { processor, table, key, at, since, dueMs: nowMs + table.coalesceMs }
    this.#byKey.set(key, one)
    this.#order.push(one)
  }

  due(nowMs: number): readonly Waiting[] {
    let end = this.#head
    while ((this.#order[end]?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) end++
    return this.#order.slice(this.#head, end)
  }

  /** @returns the one that is first when `count` have left */
  after(count: number): Waiting | undefined {
    return this.#order[this.#head + count]
  }

  leave(count: number): void {
    for (const { key } of this.#order.slice(this.#head, this.#head + count)) this.#byKey.delete(key)
    this.#head += count
    if (this.#head < VOID_PLACES || 2 * this.#head < this.#order.length) return
    this.#order = this.#order.slice(this.#head)
    this.#head = 0
  }
}

export class PendingTables {
  readonly #queues: readonly Queue[]
  readonly #byProcessor: readonly (readonly Queue[])[]

  constructor(stage: Stage) {
    this.#byProcessor = stage.processors.map(({ tables = [] }, processor) =>
      (tables as readonly AnyTable[]).map(table => new Queue(processor, table)),
    )
    this.#queues = this.#byProcessor.flat()
  }

  /** @param since - last changelog offset known; never below that of a call before */
  touch(processor: number, key: string, at: Origin, since: number, nowMs: number): void {
    for (const queue of this.#byProcessor[processor] as readonly Queue[]) queue.touch(key, at, since, nowMs)
  }

  /** @returns what is due at `nowMs`; it stays here until {@link published} */
  due(nowMs: number): PendingKey[] {
    return this.#queues.flatMap(queue => queue.due(nowMs))
  }

  /** When the first key is due; Infinity when none waits. */
  get nextDueMs(): number {
    return Math.min(...this.#queues.map(queue => queue.first?.dueMs ?? Number.POSITIVE_INFINITY))
  }

  /** @param keys - all that {@link due} gave */
  published(keys: readonly PendingKey[]): void {
    const counts = countsOf(keys)
    for (const queue of this.#queues) queue.leave(counts.get(queue.table) ?? 0)
  }

  /**
   * @param except - keys published by the commit that asks, all that {@link due} gave it
   * @returns the changelog offset behind which state may be unpublished; 'all' when nothing is
   */
  unpublishedSince(except: readonly PendingKey[]): number | 'all' {
    const counts = countsOf(except)
    let oldest = Number.POSITIVE_INFINITY
    for (const queue of this.#queues)
      oldest = Math.min(oldest, queue.after(counts.get(queue.table) ?? 0)?.since ?? oldest)
    return oldest === Number.POSITIVE_INFINITY ? 'all' : oldest
  }
}

function countsOf(keys: readonly PendingKey[]): ReadonlyMap<AnyTable, number> {
  const counts = new Map<AnyTable, number>()
  for (const { table } of keys) counts.set(table, (counts.get(table) ?? 0) + 1)
  return counts
}
