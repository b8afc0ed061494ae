/** Turns a visitor's state into what the candidate sources are asked, and into what must not be shown to them. */
import { type Ask, MAX_ANCHORS, MAX_AVERSIONS, MAX_TASTES } from '../retrieval/ask.ts'
import { contentVector } from '../retrieval/content-vector.ts'
import { type ItemIndex, MAX_CATEGORIES } from '../retrieval/item-index.ts'
import type { ItemSet } from '../retrieval/item-set.ts'
import { CONTENT_ITEMS } from '../retrieval/sources/content.ts'
import { DIM } from '../retrieval/vector-slab.ts'
import { type ListState, TOUCH_FIELDS } from './list-state.ts'
import { isDisliked, strengthOf } from './list-touch.ts'

/** Half-units of a purchase, the weight that counts as 1. */
const FULL_STRENGTH = 6
/** An item counts half when so many newer ones are known. */
const HALF_PLACE = 10
const FADE = Float32Array.from({ length: MAX_ANCHORS }, (_, place) => 2 ** (-place / HALF_PLACE))
/** What a category chosen at sign-up counts for, beside 1 for the newest item bought. */
const PREFERRED_WEIGHT = 1

/** Which of the vectors are asked for at all. */
export interface Wants {
  readonly taste: boolean
  readonly content: boolean
}

/**
 * @param ask - filled anew
 * @param blocked - filled anew: everything liked, turned down or bought
 */
export function fillAsk(state: ListState, items: ItemIndex, wants: Wants, ask: Ask, blocked: ItemSet): void {
  ask.clear()
  blocked.clear()
  const { touches, items: cold, bought } = state
  for (let i = touches.length - TOUCH_FIELDS; i >= 0; i -= TOUCH_FIELDS) {
    fillItem(touches[i] as number, touches[i + 1] as number, ask, blocked)
  }
  for (let i = cold.length - 2; i >= 0; i -= 2) fillItem(cold[i] as number, cold[i + 1] as number, ask, blocked)
  for (let i = 0; i < bought.length; i++) blocked.add(bought[i] as number)
  ask.session.set(state.session)
  ask.sessionCount = state.session.length
  ask.country = state.country ?? state.homeCountry
  ask.device = state.device ?? state.usualDevice
  fillCategories(state, items, ask)
  ask.hasTaste = wants.taste && ask.anchorCount > 0 && state.userVector(items).read(ask.taste)
  ask.hasContent = wants.content && fillContent(items, ask)
}

/** @param blocked - those before it: an item that was touched since the cold half was made is not taken from there again */
function fillItem(item: number, code: number, ask: Ask, blocked: ItemSet): void {
  if (code === 0 || !blocked.add(item)) return
  if (isDisliked(code)) {
    if (ask.aversionCount < MAX_AVERSIONS) ask.aversions[ask.aversionCount++] = item
  } else if (strengthOf(code) > 0 && ask.anchorCount < MAX_ANCHORS) {
    const fade = FADE[ask.anchorCount] as number
    ask.anchorWeights[ask.anchorCount] = Math.min(1, strengthOf(code) / FULL_STRENGTH) * fade
    ask.anchors[ask.anchorCount++] = item
  }
}

const categoryNumbers = new Int32Array(MAX_ANCHORS * MAX_CATEGORIES + 32)
const categoryWeights = new Float32Array(categoryNumbers.length)

/** The categories of the liked items, by their weights, and those chosen at sign-up. */
function fillCategories(state: ListState, items: ItemIndex, ask: Ask): void {
  let count = 0
  const add = (category: number, weight: number): void => {
    let at = 0
    while (at < count && categoryNumbers[at] !== category) at++
    if (at === categoryNumbers.length) return
    if (at === count) {
      categoryNumbers[count] = category
      categoryWeights[count++] = 0
    }
    categoryWeights[at] = (categoryWeights[at] as number) + weight
  }
  for (const category of state.preferred) add(category, PREFERRED_WEIGHT)
  for (let a = 0; a < ask.anchorCount; a++) {
    const first = (ask.anchors[a] as number) * MAX_CATEGORIES
    for (let i = first; i < first + MAX_CATEGORIES; i++) {
      const category = items.categories[i] ?? -1
      if (category < 0) break
      add(category, (ask.anchorWeights[a] as number) / (i - first + 1))
    }
  }
  while (ask.categoryCount < MAX_TASTES) {
    let best = -1
    for (let at = 0; at < count; at++) {
      if ((categoryWeights[at] as number) > (best < 0 ? 0 : (categoryWeights[best] as number))) best = at
    }
    if (best < 0) return
    ask.categories[ask.categoryCount++] = categoryNumbers[best] as number
    categoryWeights[best] = 0
  }
}

/** The newest items, each newer one counting twice the next; for a visitor without any, the categories they chose. */
function fillContent(items: ItemIndex, ask: Ask): boolean {
  const query = ask.content
  if (ask.anchorCount === 0) {
    if (ask.categoryCount === 0) return false
    const names = Array.from(ask.categories.subarray(0, ask.categoryCount), category =>
      items.categoryIds.idOf(category),
    )
    query.set(contentVector({ categories: names }))
    return true
  }
  query.fill(0)
  for (let a = 0; a < ask.anchorCount && a < CONTENT_ITEMS; a++) {
    const row = items.vectors.row(ask.anchors[a] as number)
    for (let d = 0; d < DIM; d++) query[d] = (query[d] as number) + (row[d] as number) / 2 ** a
  }
  let square = 0
  for (let d = 0; d < DIM; d++) square += (query[d] as number) ** 2
  if (square < 1e-6) return false
  const scale = 1 / Math.sqrt(square)
  for (let d = 0; d < DIM; d++) query[d] = (query[d] as number) * scale
  return true
}
