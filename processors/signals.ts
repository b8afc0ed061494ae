/**
 * Signals: what one admitted event changes in the counters of items, as integers stamped with its own event time, however
 * late it came. The item stage adds them up; order does not matter there, and it does here, where growth is found.
 *
 * - count: 1 for the type of every event, of an impression for each item shown (each once);
 * - popularity, for positive weights: the weight in half-units, in the cell `country|device` of the event, "" for an unknown half;
 * - viewed-with and its norm, for positive weights: `pairs/window.ts`;
 * - next, for positive weights: `pairs/steps.ts`;
 * - bought-with and its norm, for purchases: `pairs/orders.ts`.
 * Events of weight 0 or below tell their count and nothing else.
 */
import { type OpenOrder, openOrder } from '../schemas/open-order.ts'
import { type PairWindow, pairWindow } from '../schemas/pair-window.ts'
import { SIGNAL, type Signal } from '../schemas/signals.ts'
import type { Admitted } from './admit.ts'
import { defineProcessor, paged, single, type Step } from './define.ts'
import { halfUnitsOf, PURCHASE } from './interaction-types.ts'
import type { FoldOptions } from './options.ts'
import { joinOrder } from './pairs/orders.ts'
import { followSteps } from './pairs/steps.ts'
import { touchWindow } from './pairs/window.ts'
import type { Session, Sessioned } from './session-features.ts'

type State = { readonly window: PairWindow | undefined; readonly orders: readonly OpenOrder[] }
type SignalsStep = Step<State, never, Record<never, never>, 'tooOld' | 'basketFull'>

export const signals = (options: FoldOptions) => {
  const { weights, pairWindowItems, pairWindowMs, basketMaxItems } = options
  const halfUnits = halfUnitsOf(weights)
  return defineProcessor({
    name: 'signals',
    version: 1,
    class: 'D',
    input: 'session-features',
    store: {
      name: 'pairs',
      parts: { window: single(pairWindow), orders: paged(openOrder) },
      bound: `${pairWindowItems} items, and 4 orders of ${basketMaxItems}`,
    },
    counters: {
      tooOld: 'positive interactions older than the pair window: no pairs',
      basketFull: `purchases of an order that has ${basketMaxItems} items already: no pairs of the order`,
    },
    options: { weights, pairWindowItems, pairWindowMs, basketMaxItems },
    key: ({ admitted }: Sessioned): string => admitted.visitor,
    step,
  })

  function step(state: State, { admitted, session }: Sessioned): SignalsStep {
    const { type, weight, itemId, items, atMs } = admitted
    if (!session || itemId === null) return { signals: { atMs, deltas: items.map(one => counted(one.itemId, type)) } }
    const deltas: Signal[] = [counted(itemId, type)]
    if (weight <= 0) return { signals: { atMs, deltas } }

    deltas.push({ itemId, kind: SIGNAL.popularity, other: cellOf(admitted), amount: weight })
    const window = touchWindow(state.window, { itemId, atMs, weight }, options, deltas)
    followSteps(session.recent, halfUnits, deltas)
    const orders =
      type === PURCHASE
        ? joinOrder(state.orders, orderOf(admitted, session), itemId, basketMaxItems, deltas)
        : state.orders
    return {
      state: { window: window ?? state.window, orders: orders ?? state.orders },
      signals: { atMs, deltas },
      count: { tooOld: window ? 0 : 1, basketFull: orders ? 0 : 1 },
    }
  }
}

const counted = (itemId: string, type: string): Signal => ({ itemId, kind: SIGNAL.count, other: type, amount: 1 })

const cellOf = ({ country, device }: Admitted) => `${country ?? ''}|${device ?? ''}`

const orderOf = ({ orderId }: Admitted, { startedAtMs }: Session) =>
  orderId === null ? `s:${startedAtMs}` : `o:${orderId}`
