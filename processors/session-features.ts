/**
 * Session features: what a visitor has done since they last went quiet. Order is order of arrival; impressions do not touch it.
 *
 * An interaction opens a new session where there is none yet, where its event time is `sessionGapMs` or more after the
 * greatest event time of the running one, or where both name a client session and the names differ. An older event
 * joins the running session, and its time moves neither end of it. A session takes the first client session id it meets. The clock is never read,
 * so a replay rebuilds the same sessions.
 */
import { type IdList, idList } from '../schemas/id-list.ts'
import { rawIdOf } from '../schemas/ids.ts'
import { type SessionState, sessionState } from '../schemas/session.ts'
import type { SessionClick } from '../schemas/session-click.ts'
import { type SessionEntry, type SessionPage, sessionPage } from '../schemas/session-page.ts'
import { topics } from '../schemas/topics.ts'
import type { Admitted } from './admit.ts'
import { defineProcessor, paged, single, type Step } from './define.ts'
import { CART, IMPRESSION, PURCHASE } from './interaction-types.ts'
import type { FoldOptions } from './options.ts'
import { appendAll, newestEntries, type RingShape } from './ring.ts'

const INTERACTIONS: RingShape = { limit: 50, pageSize: 6 }
const MAX_CART_ITEMS = 50

/** The session an interaction belongs to, with it. */
export interface Session {
  /** Event time of the interaction that opened it; with the visitor it names the session. */
  readonly startedAtMs: number
  /** Greatest event time in it; less startedAtMs, how long it has lasted. */
  readonly lastSeenMs: number
  /** Interactions in it so far, ≥ 1: its depth. */
  readonly events: number
  /** The last 50 of them, oldest first, the one at hand last. */
  readonly recent: readonly SessionEntry[]
  /** Added to the cart and not bought since, oldest first, the last 50 distinct ones. */
  readonly cart: readonly string[]
  /** The last search that came with an interaction. */
  readonly query: string | null
}

/** An admitted interaction and its session; null for an impression. */
export interface Sessioned {
  readonly admitted: Admitted
  readonly session: Session | null
}

type State = {
  readonly session: SessionState | undefined
  readonly cart: IdList | undefined
  readonly recent: readonly SessionPage[]
}
const outputs = { clicks: topics.sessionClicks }
type SessionStep = Step<State, Sessioned, typeof outputs, 'opened' | 'late'>

export const sessionFeatures = ({ sessionGapMs }: FoldOptions) => {
  return defineProcessor({
    name: 'session-features',
    version: 1,
    class: 'D',
    input: 'admit',
    store: {
      name: 'session',
      parts: { session: single(sessionState), cart: single(idList), recent: paged(sessionPage) },
      bound: 'the last 50 interactions of one session, in 10 pages of 6, and a cart of 50 items',
    },
    /** Every interaction of positive weight is a click of its session. */
    outputs,
    counters: { opened: 'sessions', late: 'interactions older than the newest one of their session' },
    options: { sessionGapMs },
    key: ({ visitor }: Admitted): string => visitor,
    step,
  })

  function step(state: State, admitted: Admitted): SessionStep {
    const { visitor, atMs, type, itemId, weight } = admitted
    if (type === IMPRESSION || itemId === null) return { emit: [{ admitted, session: null }] }

    const open = state.session && isSameSession(state.session, admitted, sessionGapMs) ? state.session : undefined
    const session: SessionState = {
      startedAtMs: open?.startedAtMs ?? atMs,
      lastSeenMs: Math.max(atMs, open?.lastSeenMs ?? 0), // a late event never turns the session's clock back
      sessionId: open?.sessionId ?? admitted.sessionId,
      events: (open?.events ?? 0) + 1,
      query: admitted.query ?? open?.query ?? null,
    }
    const recent = appendAll<SessionEntry>(
      open ? state.recent : [],
      [{ itemId, type, atMs }],
      INTERACTIONS,
    ) as readonly SessionPage[]
    const cart = cartWith(open ? state.cart : undefined, type, itemId)
    const { startedAtMs, lastSeenMs, events, query } = session
    const features = {
      startedAtMs,
      lastSeenMs,
      events,
      query,
      recent: newestEntries(recent, INTERACTIONS),
      cart: cart?.ids ?? [],
    }
    const click: SessionClick = { visitor, sessionStartedAtMs: startedAtMs, itemId, type, atMs }
    return {
      state: { session, cart, recent },
      emit: [{ admitted, session: features }],
      publish: weight > 0 ? { clicks: [{ key: rawIdOf(visitor), value: click }] } : {},
      count: { opened: open ? 0 : 1, late: open && atMs < open.lastSeenMs ? 1 : 0 },
    }
  }
}

function isSameSession(open: SessionState, { atMs, sessionId }: Admitted, gapMs: number): boolean {
  if (atMs - open.lastSeenMs >= gapMs) return false
  return sessionId === null || open.sessionId === null || sessionId === open.sessionId
}

/** A cart item moves to the end when it is added again, and leaves when it is bought. */
function cartWith(cart: IdList | undefined, type: string, itemId: string): IdList | undefined {
  if (type !== CART && type !== PURCHASE) return cart
  const others = cart?.ids.filter(id => id !== itemId) ?? []
  if (type === CART) return { ids: [...others, itemId].slice(-MAX_CART_ITEMS) }
  return others.length === cart?.ids.length ? cart : others.length > 0 ? { ids: others } : undefined
}
