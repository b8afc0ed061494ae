/** Takes the records of the list stage's inputs into a visitor's state, and says whether their list is stale then. */
import type { ItemIndex } from '../retrieval/item-index.ts'
import type { ItemSet } from '../retrieval/item-set.ts'
import { MAX_SESSION } from '../retrieval/ask.ts'
import type { Profile, ProfileCold, ProfileHot } from '../schemas/profile.ts'
import type { User } from '../schemas/user.ts'
import { PURCHASE } from './interaction-types.ts'
import type { ListState, Touched } from './list-state.ts'
import { mergeTouches, strengthOf, touch } from './list-touch.ts'

/**
 * @param weights - interaction type → half-units; types without weight, impressions first of all, leave a list as it is
 * @returns whether the visitor has done something with a weight since the record before
 */
export function applyHot(
  state: ListState,
  record: Profile,
  hot: ProfileHot,
  weights: ReadonlyMap<string, number>,
  items: ItemIndex,
): boolean {
  setOrigin(state, record)
  const touched = touchedBy(hot, weights, items)
  const last = touched[0]
  const isNew =
    hot.positives > state.positives ||
    (last !== undefined && (last.atMs !== state.lastAtMs || last.item !== state.lastItem))
  state.positives = Math.max(state.positives, hot.positives)
  state.country = hot.country
  state.device = hot.device
  state.session = Int32Array.from(
    touched.filter(one => strengthOf(one.code) > 0).slice(0, MAX_SESSION),
    one => one.item,
  )
  if (!isNew) return false
  if (last !== undefined) {
    state.lastAtMs = last.atMs
    state.lastItem = last.item
  }
  state.touch(touched, record.offset, items)
  return true
}

/** @returns whether the record brings a liked item that the state did not know */
export function applyCold(
  state: ListState,
  record: Profile,
  cold: ProfileCold,
  items: ItemIndex,
  scratch: ItemSet,
): boolean {
  setOrigin(state, record)
  scratch.clear()
  state.forEach((item, code) => {
    if (strengthOf(code) > 0) scratch.add(item)
  })
  const bought = Int32Array.from(cold.bought, id => items.ids.intern(id))
  const packed = new Int32Array(cold.items.length * 2)
  let brings = false
  let positives = 0
  cold.items.forEach((one, i) => {
    const item = items.ids.intern(one.itemId)
    if (one.strength > 0 && !scratch.has(item)) brings = true
    positives += one.count
    packed[2 * i] = item
    packed[2 * i + 1] = touch(one.strength, false, one.negative)
  })
  state.positives = Math.max(state.positives, positives)
  state.settle(packed, bought, record.offset)
  return brings
}

/** @returns whether the user has no list yet, or what they prefer has changed */
export function applyUser(state: ListState, user: User | null, items: ItemIndex): boolean {
  const preferred = Int32Array.from(user?.preferredCategories ?? [], name => items.categoryIds.intern(name))
  const country = user?.country ?? null
  const device = user?.device ?? null
  const isSame =
    state.homeCountry === country &&
    state.usualDevice === device &&
    state.preferred.length === preferred.length &&
    preferred.every((category, i) => category === state.preferred[i])
  state.preferred = preferred
  state.homeCountry = country
  state.usualDevice = device
  return !isSame || state.builtAtMs === 0
}

function setOrigin(state: ListState, { partition, offset, appendedAtMs }: Profile): void {
  if (partition === state.partition && offset < state.offset) return
  state.partition = partition
  state.offset = offset
  state.appendedAtMs = appendedAtMs
}

/** @returns items of the session that had a weight, newest first, each once with all that was done in the session */
function touchedBy(hot: ProfileHot, weights: ReadonlyMap<string, number>, items: ItemIndex): Touched[] {
  const touched: { item: number; atMs: number; code: number }[] = []
  for (let r = hot.recent.length - 1; r >= 0; r--) {
    const one = hot.recent[r]
    const weight = one === undefined ? 0 : (weights.get(one.type) ?? 0)
    if (one === undefined || weight === 0) continue
    const item = items.ids.intern(one.itemId)
    const code = touch(Math.max(weight, 0), one.type === PURCHASE, weight < 0)
    const later = touched.find(other => other.item === item)
    if (later === undefined) touched.push({ item, atMs: one.atMs, code })
    else later.code = mergeTouches(code, later.code)
  }
  return touched
}
