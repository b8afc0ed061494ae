/**
 * Items bought together: pairs of one order. The order of a purchase is its orderId; without one, all such purchases of the
 * running session make one order, which is named by the session's start: two sessions that start in the same millisecond
 * share it. A visitor's last four orders stay open for more, the one changed longest ago making room for a new one; a
 * purchase that names an order no longer open opens it anew.
 *
 * A distinct item of an order adds 1 to its own norm, and 1 to its pair with each item already there, both ways. It does so once: the item bought again
 * in the open order adds nothing. Items after the first `basketMaxItems` distinct ones are left out and counted.
 */
import type { OpenOrder } from '../../schemas/open-order.ts'
import { withValueAt } from '../ring.ts'
import { SIGNAL, type Signal } from '../../schemas/signals.ts'

export const OPEN_ORDERS = 4

/** Adds what the purchase tells to `deltas`. @returns the next orders; undefined where the order is full */
export function joinOrder(
  orders: readonly OpenOrder[],
  order: string,
  itemId: string,
  maxItems: number,
  deltas: Signal[],
): readonly OpenOrder[] | undefined {
  const at = orders.findIndex(one => one.order === order)
  const items = orders[at]?.items ?? []
  if (items.includes(itemId)) return orders
  if (items.length >= maxItems) return undefined

  deltas.push({ itemId, kind: SIGNAL.boughtNorm, other: '', amount: 1 })
  for (const other of items) {
    deltas.push({ itemId, kind: SIGNAL.boughtWith, other, amount: 1 })
    deltas.push({ itemId: other, kind: SIGNAL.boughtWith, other: itemId, amount: 1 })
  }
  const turn = orders.reduce((most, one) => Math.max(most, one.turn), -1) + 1
  return withValueAt(orders, at < 0 ? placeFor(orders) : at, { order, turn, items: [...items, itemId] })
}

function placeFor(orders: readonly OpenOrder[]): number {
  if (orders.length < OPEN_ORDERS) return orders.length
  return orders.reduce((stalest, one, i) => (one.turn < (orders[stalest] as OpenOrder).turn ? i : stalest), 0)
}
