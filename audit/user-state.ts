/** Rows of the user stage's stores in the recount's plain form: pages laid side by side, hashes left as they are. */
import type { AdmissionPage } from '../schemas/admission-page.ts'
import type { IdList } from '../schemas/id-list.ts'
import type { IdPage } from '../schemas/id-page.ts'
import type { OpenOrder } from '../schemas/open-order.ts'
import type { PairWindow } from '../schemas/pair-window.ts'
import type { ProfileFacts } from '../schemas/profile-facts.ts'
import type { ProfilePage } from '../schemas/profile-page.ts'
import type { SessionPage } from '../schemas/session-page.ts'
import type { SessionState } from '../schemas/session.ts'
import type { VisitorRow } from './visitors.ts'

const inOrder = <T extends { readonly number: number }>(pages: readonly T[]): T[] =>
  [...pages].sort((a, b) => a.number - b.number)
const byId = (a: { itemId: string }, b: { itemId: string }) => (a.itemId < b.itemId ? -1 : 1)

export interface RememberedHash {
  readonly event: number
  readonly item: number
  readonly action: number
  readonly second: number
  readonly bucketEvents: number
  readonly bucketItems: number
}

/** @returns the newest 256, oldest first */
export function memoryOf({ recent }: { recent: readonly AdmissionPage[] }): RememberedHash[] {
  const all: RememberedHash[] = []
  for (const { baseS, slots } of inOrder(recent))
    for (let at = 0; at < slots.length; at += 6) {
      const [event = 0, item = 0, action = 0, second = 0, bucketEvents = 0, bucketItems = 0] = slots.slice(at, at + 6)
      all.push({ event, item, action, second: baseS + second, bucketEvents, bucketItems })
    }
  return all.slice(-256)
}

type SessionParts = Pick<VisitorRow, 'session' | 'recent' | 'cart'>
export function sessionOf(state: {
  session: SessionState | undefined
  cart: IdList | undefined
  recent: readonly SessionPage[]
}): SessionParts {
  const entries = inOrder(state.recent).flatMap(page => page.entries)
  return {
    session: state.session && { ...state.session },
    recent: entries.slice(-50).map(one => ({ ...one })),
    cart: state.cart?.ids ?? [],
  }
}

type ProfileParts = Pick<VisitorRow, 'facts' | 'items' | 'bought' | 'shown'>
export function profileOf(state: {
  facts: ProfileFacts | undefined
  items: readonly ProfilePage[]
  bought: readonly IdPage[]
  shown: readonly IdPage[]
}): ProfileParts | { facts: undefined } {
  if (!state.facts) return { facts: undefined }
  const items = state.items.flatMap(page =>
    page.itemIds.map((itemId, slot) => ({
      itemId,
      strength: page.strengths[slot] as number,
      lastMs: page.lastMs[slot] as number,
      count: page.counts[slot] as number,
      negative: page.negatives[slot] as boolean,
    })),
  )
  const ids = (pages: readonly IdPage[]) => inOrder(pages).flatMap(page => page.entries)
  return {
    facts: { ...state.facts },
    items: items.sort(byId),
    bought: ids(state.bought).slice(-1000),
    shown: ids(state.shown).slice(-100),
  }
}

type SignalParts = Pick<VisitorRow, 'window' | 'orders'>
export function pairsOf(state: { window: PairWindow | undefined; orders: readonly OpenOrder[] }): SignalParts {
  return {
    window: (state.window?.items ?? []).map(one => ({ ...one })),
    orders: [...state.orders].sort((a, b) => a.turn - b.turn).map(({ order, items }) => ({ order, items })),
  }
}

/** The recount's row in the form of the three above. */
export const sessionIn = ({ session, recent, cart }: VisitorRow): SessionParts => ({ session, recent, cart })
export const profileIn = ({ facts, items, bought, shown }: VisitorRow): ProfileParts => ({
  facts,
  items: [...items].sort(byId),
  bought,
  shown,
})
export const pairsIn = ({ window, orders }: VisitorRow): SignalParts => ({
  window,
  orders,
})
