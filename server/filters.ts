/** Which items an answer may hold: not seen, bought, gone or excluded, and what the caller asked for. */
import { hasHash, itemHash } from '../schemas/item-hashes.ts'
import type { KnownItems } from '../schemas/known-items.ts'
import type { TierItem } from '../schemas/session-tier.ts'
import type { ItemMirror } from './item-mirror.ts'

/** What the caller asks for. */
export interface Wanted {
  readonly category?: string
  /** Both included; an item without a known price is in no price range. */
  readonly minPrice?: number
  readonly maxPrice?: number
  readonly exclude?: readonly string[]
}

type Known = keyof KnownItems
/** What a surface leaves out. One that is not listed is as `home`. */
export const leavesOut: Readonly<Record<string, readonly Known[]>> = {
  home: ['seen', 'bought', 'negative'],
  item: ['bought', 'negative'],
  cart: ['bought', 'negative'],
  email: ['seen', 'bought', 'shown', 'negative'],
  again: ['negative'],
}
const PURCHASE = 'purchase'
const negatives: ReadonlySet<unknown> = new Set(['skip', 'dislike'])
/** Whether an interaction of this type says that the visitor does not want the item. */
export const turnsDown = (type: string | undefined): boolean => negatives.has(type)
const standard: readonly Known[] = ['seen', 'bought', 'negative']

export interface FilterInput {
  readonly wanted: Wanted
  readonly surface?: string
  readonly known?: KnownItems | undefined
  /** Newer than `known`: items of the running session. */
  readonly recent: Iterable<string>
  /** Newer than `known` too: the events of the running session, oldest first. */
  readonly session?: readonly TierItem[] | undefined
  readonly mirror: ItemMirror
}

/** @returns whether an item may be answered; each item only once */
export function filter({ wanted, surface, known, recent, session, mirror }: FilterInput): (itemId: string) => boolean {
  // A caller's text: what every object has, such as "constructor", is no surface.
  const out = (surface !== undefined && Object.hasOwn(leavesOut, surface) ? leavesOut[surface] : undefined) ?? standard
  const sets = known ? out.map(name => known[name]).filter(set => set.length > 0) : []
  const taken = new Set(wanted.exclude)
  if (out.includes('seen')) for (const itemId of recent) taken.add(itemId)
  const latest = new Map(session?.map(({ itemId, type }) => [itemId, type]))
  for (const { itemId, type } of session ?? []) {
    if (out.includes('bought') && type === PURCHASE) taken.add(itemId)
    if (out.includes('negative') && turnsDown(latest.get(itemId))) taken.add(itemId)
  }
  const { category, minPrice, maxPrice } = wanted
  const needsFacts = category !== undefined || minPrice !== undefined || maxPrice !== undefined

  return itemId => {
    if (taken.has(itemId) || mirror.isGone(itemId)) return false
    if (sets.length > 0) {
      const hash = itemHash(itemId)
      for (const set of sets) if (hasHash(set, hash)) return false
    }
    if (needsFacts) {
      const facts = mirror.facts(itemId)
      if (!facts || (category !== undefined && !facts.categories.includes(category))) return false
      if (minPrice !== undefined && !(facts.price !== null && facts.price >= minPrice)) return false
      if (maxPrice !== undefined && !(facts.price !== null && facts.price <= maxPrice)) return false
    }
    taken.add(itemId)
    return true
  }
}
