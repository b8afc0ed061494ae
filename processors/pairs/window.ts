/**
 * Pairs of items that a visitor viewed within a short while (TencentRec's strength, Huang et al., SIGMOD 2015, section 4.1): an item's strength is the
 * greatest weight given to it while it is in the window, a pair's the lesser of its two, and only growth is told.
 *
 * The window holds the visitor's last W distinct items by event time, none older than `pairWindowMs` (included) before the newest. It is kept in
 * order of lastMs, ties in order of arrival. For a positive interaction with item i at time t:
 * 1. newest = max(t, greatest lastMs in the window). Items with newest − lastMs > pairWindowMs leave. With newest − t > pairWindowMs the
 *    interaction is too old: it makes no pairs and changes nothing;
 * 2. i in the window: its strength becomes max(strength, weight) and its lastMs max(lastMs, t); where t ≥ lastMs it goes behind all items of the
 *    same time;
 * 3. i not in the window: it enters behind all items with lastMs ≤ t. Where that makes W + 1, the first one leaves; i itself being the first,
 *    the interaction is too old;
 * 4. every other item j then in the window: the pair grows by min(new strength of i, j) − min(old strength of i or 0, j), sent to both; the norm of i
 *    grows by new − old strength. An item that left and comes back starts at 0 again.
 */
import type { PairWindow, WindowItem } from '../../schemas/pair-window.ts'
import { SIGNAL, type Signal } from '../../schemas/signals.ts'
import type { FoldOptions } from '../options.ts'

export interface Touch {
  readonly itemId: string
  readonly atMs: number
  /** Half-units, above 0. */
  readonly weight: number
}

/** Adds what the touch tells to `deltas`. @returns the next window; undefined where the touch is too old for it */
export function touchWindow(
  window: PairWindow | undefined,
  { itemId, atMs, weight }: Touch,
  { pairWindowItems, pairWindowMs }: Pick<FoldOptions, 'pairWindowItems' | 'pairWindowMs'>,
  deltas: Signal[],
): PairWindow | undefined {
  const before = window?.items ?? []
  const newestMs = Math.max(atMs, before.at(-1)?.lastMs ?? 0)
  if (newestMs - atMs > pairWindowMs) return undefined

  const items = before.filter(one => newestMs - one.lastMs <= pairWindowMs)
  const at = items.findIndex(one => one.itemId === itemId)
  const old = at < 0 ? undefined : (items[at] as WindowItem)
  const strength = Math.max(weight, old?.strength ?? 0)
  const lastMs = Math.max(atMs, old?.lastMs ?? 0)
  if (old && atMs < old.lastMs) items[at] = { itemId, strength, lastMs }
  else {
    if (old) items.splice(at, 1)
    items.splice(items.findLastIndex(one => one.lastMs <= lastMs) + 1, 0, { itemId, strength, lastMs })
    if (items.length > pairWindowItems && items.shift()?.itemId === itemId) return undefined
  }

  const was = old?.strength ?? 0
  if (strength > was) {
    deltas.push({ itemId, kind: SIGNAL.viewedNorm, other: '', amount: strength - was })
    for (const one of items) {
      const amount = Math.min(strength, one.strength) - Math.min(was, one.strength)
      if (one.itemId === itemId || amount === 0) continue
      deltas.push({ itemId, kind: SIGNAL.viewedWith, other: one.itemId, amount })
      deltas.push({ itemId: one.itemId, kind: SIGNAL.viewedWith, other: itemId, amount })
    }
  }
  return { items }
}
