/**
 * The last 200 distinct items of a visitor. An item keeps its slot as long as it stays, so that an interaction rewrites one
 * page of 16. When all are taken, a new item takes the slot of the one touched longest ago: least lastMs, then the smaller
 * id by UTF-16 units. One that is itself older than all of them is left out.
 *
 * Pages are kept by columns and searched by tag: a walk over 200 slots that are objects waits for memory at every one of them.
 */
import type { ProfileItem } from '../schemas/profile.ts'
import type { ProfilePage } from '../schemas/profile-page.ts'
import { hash53 } from './admission/hash.ts'
import { withValueAt } from './ring.ts'

export const MAX_PROFILE_ITEMS = 200
const PAGE_SLOTS = 16
const FIRST_TAG = 33 // tags are the visible ASCII characters
const TAGS = 94

export interface Touch {
  readonly itemId: string
  readonly atMs: number
  /** Half-units, not 0. */
  readonly weight: number
}
type Place = { readonly page: number; readonly slot: number }

/** @returns the pages with the touch counted, all but one the same by identity; undefined where the item is too old to enter */
export function touchItem(pages: readonly ProfilePage[], touch: Touch): readonly ProfilePage[] | undefined {
  const { itemId, atMs, weight } = touch
  const tag = String.fromCharCode(FIRST_TAG + (hash53(itemId) % TAGS))
  const place = placeOf(pages, itemId, tag)
  if (place) return touched(pages, place, touch)

  const fresh = { itemId, strength: weight, lastMs: atMs, count: weight > 0 ? 1 : 0, negative: weight < 0 }
  const last = pages.length - 1
  const used = last < 0 ? 0 : last * PAGE_SLOTS + (pages[last] as ProfilePage).itemIds.length
  if (used < MAX_PROFILE_ITEMS)
    return withItem(pages, { page: Math.floor(used / PAGE_SLOTS), slot: used % PAGE_SLOTS }, tag, fresh)
  const oldest = oldestOf(pages)
  if (atMs < (pages[oldest.page]?.lastMs[oldest.slot] as number)) return undefined
  return withItem(pages, oldest, tag, fresh)
}

/** @returns every item, oldest interaction first, ties by id */
export function itemsByAge(pages: readonly ProfilePage[]): ProfileItem[] {
  return pages
    .flatMap(page => page.itemIds.map((_, slot) => itemAt(page, slot)))
    .sort((a, b) => a.lastMs - b.lastMs || (a.itemId < b.itemId ? -1 : 1))
}

function placeOf(pages: readonly ProfilePage[], itemId: string, tag: string): Place | undefined {
  for (let page = 0; page < pages.length; page++) {
    const { tags, itemIds } = pages[page] as ProfilePage
    for (let slot = tags.indexOf(tag); slot >= 0; slot = tags.indexOf(tag, slot + 1))
      if (itemIds[slot] === itemId) return { page, slot }
  }
  return undefined
}

function oldestOf(pages: readonly ProfilePage[]): Place {
  let oldest: Place = { page: 0, slot: 0 }
  let oldestMs = Number.POSITIVE_INFINITY
  for (let page = 0; page < pages.length; page++) {
    const { lastMs, itemIds } = pages[page] as ProfilePage
    for (let slot = 0; slot < lastMs.length; slot++) {
      const ms = lastMs[slot] as number
      if (ms > oldestMs) continue
      if (ms === oldestMs && (itemIds[slot] as string) > (pages[oldest.page]?.itemIds[oldest.slot] as string)) continue
      oldestMs = ms
      oldest = { page, slot }
    }
  }
  return oldest
}

const itemAt = (page: ProfilePage, slot: number): ProfileItem => ({
  itemId: page.itemIds[slot] as string,
  strength: page.strengths[slot] as number,
  lastMs: page.lastMs[slot] as number,
  count: page.counts[slot] as number,
  negative: page.negatives[slot] as boolean,
})

function touched(pages: readonly ProfilePage[], at: Place, { atMs, weight }: Touch): readonly ProfilePage[] {
  const page = pages[at.page] as ProfilePage
  const item = itemAt(page, at.slot)
  const next = {
    itemId: item.itemId,
    strength: Math.max(item.strength, weight),
    lastMs: Math.max(item.lastMs, atMs),
    count: item.count + (weight > 0 ? 1 : 0),
    negative: atMs >= item.lastMs ? weight < 0 : item.negative,
  }
  // a late dislike, say, may change nothing
  const isSame = next.strength === item.strength && next.lastMs === item.lastMs && next.count === item.count
  return isSame && next.negative === item.negative ? pages : withItem(pages, at, page.tags.charAt(at.slot), next)
}

function withItem(pages: readonly ProfilePage[], { page, slot }: Place, tag: string, item: ProfileItem): ProfilePage[] {
  const old = pages[page]
  const tags = old?.tags ?? ''
  return withValueAt(pages, page, {
    tags: tags.charAt(slot) === tag ? tags : tags.slice(0, slot) + tag + tags.slice(slot + 1),
    itemIds: withValue(old?.itemIds, slot, item.itemId),
    strengths: withValue(old?.strengths, slot, item.strength),
    lastMs: withValue(old?.lastMs, slot, item.lastMs),
    counts: withValue(old?.counts, slot, item.count),
    negatives: withValue(old?.negatives, slot, item.negative),
  })
}

/** @returns the column with the value; the same by identity where it stands there already */
const withValue = <T>(column: T[] = [], slot: number, value: T): T[] =>
  column[slot] === value && slot < column.length ? column : withValueAt(column, slot, value)
