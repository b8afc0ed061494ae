/**
 * The last 200 distinct items of a visitor. An item keeps its slot as long as it stays, so that an interaction rewrites one
 * page of 16. When all are taken, a new item takes the slot of the one touched longest ago: least lastMs, then the smaller
 * id by UTF-16 units. One that is itself older than all of them is left out.
 */
import type { ProfilePage, ProfileSlot } from '../schemas/profile-page.ts'

export const MAX_PROFILE_ITEMS = 200
const PAGE_SLOTS = 16

export interface Touch {
  readonly itemId: string
  readonly atMs: number
  /** Half-units, not 0. */
  readonly weight: number
}

/** @returns the pages with the touch counted, all but one the same by identity; undefined where the item is too old to enter */
export function touchItem(pages: readonly ProfilePage[], touch: Touch): readonly ProfilePage[] | undefined {
  let oldestPage = 0
  let oldestSlot = 0
  let oldest: ProfileSlot | undefined
  for (let p = 0; p < pages.length; p++) {
    const { slots } = pages[p] as ProfilePage
    for (let s = 0; s < slots.length; s++) {
      const slot = slots[s] as ProfileSlot
      if (slot.itemId === touch.itemId) {
        const next = touched(slot, touch)
        return isSame(slot, next) ? pages : withSlot(pages, p, s, next)
      }
      if (oldest && !isOlder(slot, oldest)) continue
      oldest = slot
      oldestPage = p
      oldestSlot = s
    }
  }
  const fresh = firstTouch(touch)
  const last = pages.length - 1
  const used = last < 0 ? 0 : last * PAGE_SLOTS + (pages[last] as ProfilePage).slots.length
  if (used < MAX_PROFILE_ITEMS) return withSlot(pages, Math.floor(used / PAGE_SLOTS), used % PAGE_SLOTS, fresh)
  if (oldest && touch.atMs < oldest.lastMs) return undefined
  return withSlot(pages, oldestPage, oldestSlot, fresh)
}

/** @returns every item, oldest interaction first, ties by id */
export function itemsByAge(pages: readonly ProfilePage[]): ProfileSlot[] {
  return pages.flatMap(page => page.slots).sort((a, b) => (isOlder(a, b) ? -1 : 1))
}

const isOlder = (a: ProfileSlot, b: ProfileSlot) =>
  a.lastMs < b.lastMs || (a.lastMs === b.lastMs && a.itemId < b.itemId)

const firstTouch = ({ itemId, atMs, weight }: Touch): ProfileSlot => ({
  itemId,
  strength: weight,
  lastMs: atMs,
  count: weight > 0 ? 1 : 0,
  negative: weight < 0,
})

const touched = (slot: ProfileSlot, { atMs, weight }: Touch): ProfileSlot => ({
  itemId: slot.itemId,
  strength: Math.max(slot.strength, weight),
  lastMs: Math.max(slot.lastMs, atMs),
  count: slot.count + (weight > 0 ? 1 : 0),
  negative: atMs >= slot.lastMs ? weight < 0 : slot.negative,
})

/** A late dislike of an item, say, may change nothing. */
const isSame = (a: ProfileSlot, b: ProfileSlot) =>
  a.strength === b.strength && a.lastMs === b.lastMs && a.count === b.count && a.negative === b.negative

function withSlot(pages: readonly ProfilePage[], page: number, slot: number, value: ProfileSlot): ProfilePage[] {
  const next = pages.slice()
  const slots = pages[page]?.slots.slice() ?? []
  slots[slot] = value
  next[page] = { slots }
  return next
}
