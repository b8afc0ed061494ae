/**
 * Keys whose coalesced tables have something new to say. A key waits `coalesceMs` from its first change, so the last value
 * stands for all between. What a crash leaves unpublished is found again in the changelog: every key written after
 * `unpublishedSince` is put back here by the restore.
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
interface Waiting {
  readonly dueMs: number
  /** Last changelog offset known when the key first changed: its state stands behind it. */
  readonly since: number
  at: Origin
}

export class PendingTables {
  readonly #tables: readonly { processor: number; table: AnyTable; waiting: Map<string, Waiting> }[]

  constructor(stage: Stage) {
    this.#tables = stage.processors.flatMap((processor, index) =>
      ((processor.tables ?? []) as AnyTable[]).map(table => ({
        processor: index,
        table,
        waiting: new Map<string, Waiting>(),
      })),
    )
  }

  touch(processor: number, key: string, at: Origin, since: number, nowMs: number): void {
    for (const one of this.#tables) {
      if (one.processor !== processor) continue
      const known = one.waiting.get(key)
      if (known) known.at = at
      else one.waiting.set(key, { dueMs: nowMs + one.table.coalesceMs, since, at })
    }
  }

  /** @returns what is due at `nowMs`; it stays here until {@link published} */
  due(nowMs: number): PendingKey[] {
    const keys: PendingKey[] = []
    for (const { processor, table, waiting } of this.#tables)
      for (const [key, one] of waiting) {
        if (one.dueMs > nowMs) break // in order of dueMs: every key of a table waits equally long
        keys.push({ processor, table, key, at: one.at })
      }
    return keys
  }

  hasDue(nowMs: number): boolean {
    return this.#tables.some(({ waiting }) => {
      for (const one of waiting.values()) return one.dueMs <= nowMs
      return false
    })
  }

  published(keys: readonly PendingKey[]): void {
    for (const { table, key } of keys) this.#tables.find(one => one.table === table)?.waiting.delete(key)
  }

  /**
   * @param except - keys published by the commit that asks
   * @returns the changelog offset behind which state may be unpublished; 'all' when nothing is
   */
  unpublishedSince(except: readonly PendingKey[]): number | 'all' {
    const leaving = new Map<AnyTable, Set<string>>()
    for (const { table, key } of except) leaving.set(table, (leaving.get(table) ?? new Set()).add(key))
    let oldest = Number.POSITIVE_INFINITY
    for (const { table, waiting } of this.#tables)
      for (const [key, one] of waiting) if (!leaving.get(table)?.has(key)) oldest = Math.min(oldest, one.since)
    return oldest === Number.POSITIVE_INFINITY ? 'all' : oldest
  }
}
