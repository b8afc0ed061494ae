/** The events that stages hand to their first processors. */
import type { Interaction } from '../schemas/interaction.ts'
import type { Item } from '../schemas/item.ts'
import type { SignalKind } from '../schemas/signals.ts'
import type { Origin } from './define.ts'

/** One record of `interactions.v1`, decoded, before anything was checked but its schema and its partition. */
export interface Arrival {
  readonly value: Interaction
  /** The record key as text; null where there was none. */
  readonly key: string | null
  readonly origin: Origin
}

/** All deltas of one source record for one item. */
export interface ItemDeltas {
  readonly kind: 'deltas'
  readonly itemId: string
  /** Event time, ms since the epoch. */
  readonly atMs: number
  readonly deltas: readonly { readonly kind: SignalKind; readonly other: string; readonly amount: number }[]
}

/** A record of `items.v1`; null is a tombstone. */
export interface CatalogueChange {
  readonly kind: 'catalogue'
  readonly itemId: string
  readonly item: Item | null
}

export type ItemEvent = ItemDeltas | CatalogueChange

/** @returns whether a delta of the kind is among those of the event */
export function tells(event: ItemEvent, kind: SignalKind): boolean {
  if (event.kind !== 'deltas') return false
  for (const delta of event.deltas) if (delta.kind === kind) return true
  return false
}
