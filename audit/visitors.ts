/**
 * What every visitor's admitted events make of sessions, profiles and deltas for items, told again from the words of the
 * processors in plain and slow code: arrays that are searched and sorted, nothing in pages.
 */
import type { FoldOptions } from '../processors/options.ts'
import type { Counted } from './admission.ts'

export interface Action {
  readonly itemId: string
  readonly type: string
  readonly atMs: number
}

/** What is known of a visitor after their last event; the recount changes it in place. */
export interface VisitorRow {
  session:
    | { startedAtMs: number; lastSeenMs: number; sessionId: string | null; events: number; query: string | null }
    | undefined
  recent: Action[]
  cart: string[]
  clicks: (Action & { sessionStartedAtMs: number })[]
  facts: {
    atMs: number
    positives: number
    country: string | null
    device: string | null
    language: string | null
  }
  items: { itemId: string; strength: number; lastMs: number; count: number; negative: boolean }[]
  bought: string[]
  shown: string[]
  window: { itemId: string; strength: number; lastMs: number }[]
  /** The order changed last stands last. */
  orders: { order: string; items: string[] }[]
}

/** One change of one counter of an item. */
export interface Delta {
  readonly counter: 'viewed-with' | 'next' | 'bought-with' | 'viewed-norm' | 'bought-norm' | 'popularity' | 'count'
  readonly itemId: string
  readonly other: string
  readonly amount: number
  readonly atMs: number
}

export interface Visitors {
  readonly rows: ReadonlyMap<string, VisitorRow>
  readonly deltas: readonly Delta[]
}

const PROFILE_ITEMS = 200
const PROFILE_BOUGHT = 1000
const PROFILE_SHOWN = 100
const SESSION_EVENTS = 50
const CART_ITEMS = 50
const OPEN_ORDERS = 4
const SIXTHS = [6, 3, 2]

/** @param counted - of one visitor in their order of arrival; visitors may be mixed */
export function recountVisitors(counted: readonly Counted[], options: FoldOptions): Visitors {
  const rows = new Map<string, VisitorRow>()
  const deltas: Delta[] = []
  for (const event of counted) {
    const row = rows.get(event.visitor) ?? newVisitor()
    rows.set(event.visitor, row)
    recountEvent(row, event, options, delta => deltas.push(delta))
  }
  return { rows, deltas }
}

/**
 * Changes the row of the event's visitor.
 * @param tellDelta - called for every change of a counter of an item
 */
export function recountEvent(
  row: VisitorRow,
  event: Counted,
  options: FoldOptions,
  tellDelta: (delta: Delta) => void,
): void {
  const tell: Tell = (counter, itemId, other, amount) => tellDelta({ counter, itemId, other, amount, atMs: event.atMs })
  recountFacts(row, event)
  if (event.itemId === null) {
    const before = [...row.shown]
    for (const itemId of event.shown) {
      if (!before.includes(itemId)) row.shown.push(itemId)
      tell('count', itemId, event.type, 1)
    }
    row.shown = row.shown.slice(-PROFILE_SHOWN)
    return
  }
  const { itemId } = event
  recountSession(row, event, itemId, options)
  recountProfile(row, event, itemId)
  tell('count', itemId, event.type, 1)
  if (event.halfUnits <= 0) return
  tell('popularity', itemId, `${event.country ?? ''}|${event.device ?? ''}`, event.halfUnits)
  recountWindow(row, event, itemId, options, tell)
  recountSteps(row, itemId, options, tell)
  if (event.type === 'purchase') recountOrders(row, event, itemId, options, tell)
}

type Tell = (counter: Delta['counter'], itemId: string, other: string, amount: number) => void

export const newVisitor = (): VisitorRow => ({
  session: undefined,
  recent: [],
  cart: [],
  clicks: [],
  facts: { atMs: 0, positives: 0, country: null, device: null, language: null },
  items: [],
  bought: [],
  shown: [],
  window: [],
  orders: [],
})

function recountFacts({ facts }: VisitorRow, event: Counted): void {
  facts.atMs = Math.max(facts.atMs, event.atMs)
  if (event.halfUnits > 0) facts.positives++
  facts.country = event.country ?? facts.country
  facts.device = event.device ?? facts.device
  facts.language = event.language ?? facts.language
}

function recountSession(row: VisitorRow, event: Counted, itemId: string, options: FoldOptions): void {
  const running = row.session
  const isNew =
    !running ||
    event.atMs - running.lastSeenMs >= options.sessionGapMs ||
    (running.sessionId !== null && event.clientSession !== null && running.sessionId !== event.clientSession)
  if (isNew) {
    row.session = { startedAtMs: event.atMs, lastSeenMs: event.atMs, sessionId: null, events: 0, query: null }
    row.recent = []
    row.cart = []
  }
  const session = row.session as NonNullable<VisitorRow['session']>
  session.lastSeenMs = Math.max(session.lastSeenMs, event.atMs)
  session.sessionId ??= event.clientSession
  session.events++
  session.query = event.query ?? session.query
  const action = { itemId, type: event.type, atMs: event.atMs }
  row.recent = [...row.recent, action].slice(-SESSION_EVENTS)
  if (event.halfUnits > 0) row.clicks.push({ ...action, sessionStartedAtMs: session.startedAtMs })
  if (event.type === 'purchase' || event.type === 'add_to_cart') row.cart = row.cart.filter(id => id !== itemId)
  if (event.type === 'add_to_cart') row.cart = [...row.cart, itemId].slice(-CART_ITEMS)
}

function recountProfile(row: VisitorRow, event: Counted, itemId: string): void {
  if (event.type === 'purchase' && !row.bought.includes(itemId))
    row.bought = [...row.bought, itemId].slice(-PROFILE_BOUGHT)
  if (event.halfUnits === 0) return
  const isNegative = event.halfUnits < 0
  const known = row.items.find(one => one.itemId === itemId)
  if (known) {
    known.strength = Math.max(known.strength, event.halfUnits)
    if (!isNegative) known.count++
    if (event.atMs >= known.lastMs) known.negative = isNegative
    known.lastMs = Math.max(known.lastMs, event.atMs)
    return
  }
  if (row.items.length === PROFILE_ITEMS) {
    const [oldest] = [...row.items].sort((a, b) => a.lastMs - b.lastMs || (a.itemId < b.itemId ? -1 : 1))
    if (!oldest || event.atMs < oldest.lastMs) return
    row.items = row.items.filter(one => one !== oldest)
  }
  const count = isNegative ? 0 : 1
  row.items.push({ itemId, strength: event.halfUnits, lastMs: event.atMs, count, negative: isNegative })
}

function recountWindow(row: VisitorRow, event: Counted, itemId: string, options: FoldOptions, tell: Tell): void {
  const newest = Math.max(event.atMs, ...row.window.map(one => one.lastMs))
  if (newest - event.atMs > options.pairWindowMs) return
  const within = row.window.filter(one => newest - one.lastMs <= options.pairWindowMs)
  const old = within.find(one => one.itemId === itemId)
  const touched = {
    itemId,
    strength: Math.max(old?.strength ?? 0, event.halfUnits),
    lastMs: Math.max(old?.lastMs ?? 0, event.atMs),
  }
  let window: VisitorRow['window']
  if (old && event.atMs < old.lastMs) window = within.map(one => (one === old ? touched : one))
  else {
    const others = within.filter(one => one !== old)
    const notLater = others.filter(one => one.lastMs <= event.atMs)
    window = [...notLater, touched, ...others.slice(notLater.length)]
  }
  if (window.length > options.pairWindowItems) {
    if (window[0] === touched) return
    window = window.slice(1)
  }
  row.window = window
  const before = old?.strength ?? 0
  if (touched.strength > before) tell('viewed-norm', itemId, '', touched.strength - before)
  for (const other of window) {
    if (other === touched) continue
    const growth = Math.min(touched.strength, other.strength) - Math.min(before, other.strength)
    if (growth === 0) continue
    tell('viewed-with', itemId, other.itemId, growth)
    tell('viewed-with', other.itemId, itemId, growth)
  }
}

function recountSteps(row: VisitorRow, itemId: string, options: FoldOptions, tell: Tell): void {
  const steps: string[] = []
  for (const { itemId: stepped, type } of row.recent.slice(0, -1))
    if ((options.weights[type] as number) > 0 && steps.at(-1) !== stepped) steps.push(stepped)
  if (steps.at(-1) === itemId) return
  SIXTHS.forEach((sixths, distance) => {
    const earlier = steps.at(-1 - distance)
    if (earlier !== undefined && earlier !== itemId) tell('next', earlier, itemId, sixths)
  })
}

function recountOrders(row: VisitorRow, event: Counted, itemId: string, options: FoldOptions, tell: Tell): void {
  const name = event.orderId === null ? `s:${row.session?.startedAtMs}` : `o:${event.orderId}`
  const open = row.orders.find(one => one.order === name)
  if (open && (open.items.includes(itemId) || open.items.length === options.basketMaxItems)) return
  const order = open ?? { order: name, items: [] }
  tell('bought-norm', itemId, '', 1)
  for (const other of order.items) {
    tell('bought-with', itemId, other, 1)
    tell('bought-with', other, itemId, 1)
  }
  order.items.push(itemId)
  row.orders = [...row.orders.filter(one => one !== order), order].slice(-OPEN_ORDERS)
}
