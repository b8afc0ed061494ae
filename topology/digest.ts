/**
 * The digest of D and C state: SHA-256 over (store, key, canonical value) sorted by store and id, equal over commit cuts,
 * crashes, runners and partition counts. Rows that ever overflowed are left out, the set of their ids is in.
 */
import { createHash } from 'node:crypto'
import type { AnyProcessor, Parts } from '../processors/define.ts'
import type { Stage } from './graph.ts'
import type { TaskState } from './state.ts'

export interface StoreDigest {
  readonly store: string
  readonly keys: number
  readonly overflowed: number
  /** SHA-256, hex */
  readonly digest: string
}

/** @param states - of all partitions of the stage */
export function digestOf(stage: Stage, states: readonly TaskState[]): StoreDigest[] {
  return stage.processors.flatMap((processor, index) =>
    processor.store && processor.store.inDigest !== false ? [digestOfStore(processor, index, states)] : [],
  )
}

function digestOfStore(processor: AnyProcessor, index: number, states: readonly TaskState[]): StoreDigest {
  const rows: [string, string][] = []
  let overflowed = 0
  for (const state of states)
    for (const [key, value] of state.entries(index)) {
      const isOverflowed = processor.store?.overflowed?.(value) ?? false
      if (isOverflowed) overflowed++
      rows.push([key, isOverflowed ? 'overflowed' : canonical(processor, value)])
    }
  rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  const hash = createHash('sha256')
  for (const [key, value] of rows) hash.update(JSON.stringify([processor.store?.name, key, value]))
  return { store: processor.store?.name ?? processor.name, keys: rows.length, overflowed, digest: hash.digest('hex') }
}

function canonical(processor: AnyProcessor, value: Readonly<Record<string, unknown>>): string {
  if (processor.store?.canonical) return JSON.stringify(processor.store.canonical(value))
  const parts = Object.entries(processor.store?.parts as Parts).map(([name, part]) => {
    const held = value[name]
    const pages = part.kind === 'paged' ? (held as unknown[]) : held === undefined ? [] : [held]
    return [name, pages.map(page => part.schema.encode(page).toString('base64'))]
  })
  return JSON.stringify(parts)
}
