/**
 * Standing rules for the head of a list: at most 3 items of a category and 2 of a brand in the top ten, and in the public
 * top twenty no run of three of one category. Each place takes the best candidate left that breaks no rule; where every
 * one does, the best that makes no run, and else the best. Items without category or brand break none.
 */
const TOP = 10
const PUBLIC_TOP = 20
const MAX_OF_CATEGORY = 3
const MAX_OF_BRAND = 2
const MAX_RUN = 2

/** Facts by item number. */
export interface Facts {
  /** @returns number of the category, −1 where unknown */
  categoryOf(item: number): number
  readonly brands: Int32Array
}

/**
 * @param order - item numbers, best first; the first `count` of them are put in order in place
 * @param carried - moved along with `order`: the same length, any meaning
 */
export function diversify(order: Int32Array, carried: Int32Array, count: number, facts: Facts): void {
  const places = Math.min(PUBLIC_TOP, count)
  for (let place = 0; place < places; place++) {
    const chosen = choose(order, place, count, facts)
    const item = order[chosen] as number
    const other = carried[chosen] as number
    for (let i = chosen; i > place; i--) {
      order[i] = order[i - 1] as number
      carried[i] = carried[i - 1] as number
    }
    order[place] = item
    carried[place] = other
  }
}

/** @returns where the item for `place` stands now, in place..count−1 */
function choose(order: Int32Array, place: number, count: number, facts: Facts): number {
  let withoutRun = -1
  for (let i = place; i < count; i++) {
    const item = order[i] as number
    const category = facts.categoryOf(item)
    if (makesRun(order, place, category, facts)) continue
    if (place >= TOP) return i
    if (isWithin(order, place, category, facts.brands[item] ?? -1, facts)) return i
    if (withoutRun < 0) withoutRun = i
  }
  return withoutRun < 0 ? place : withoutRun
}

function makesRun(order: Int32Array, place: number, category: number, facts: Facts): boolean {
  if (category < 0 || place < MAX_RUN) return false
  for (let i = place - MAX_RUN; i < place; i++) if (facts.categoryOf(order[i] as number) !== category) return false
  return true
}

function isWithin(order: Int32Array, place: number, category: number, brand: number, facts: Facts): boolean {
  let ofCategory = 0
  let ofBrand = 0
  for (let i = 0; i < place; i++) {
    const item = order[i] as number
    if (category >= 0 && facts.categoryOf(item) === category) ofCategory++
    if (brand >= 0 && facts.brands[item] === brand) ofBrand++
  }
  return ofCategory < MAX_OF_CATEGORY && ofBrand < MAX_OF_BRAND
}
