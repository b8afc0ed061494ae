/**
 * Baskets, over a log whose purchases name their order: before the first line of each basket of the test span either its whole
 * content is asked for (next basket), or one item of it is held out and asked for with the others in the cart (held item).
 * A basket is a run of events of one user and order.
 */
import type { EventLog } from '../event-log.ts'
import { randomOf } from '../statistics/random.ts'
import { Met } from './met.ts'
import { eventAt } from './next-item.ts'
import type { Ask, Step } from './step.ts'

export interface BasketOptions {
  /** The first event of the test span; a basket that it cuts belongs to the span before. */
  readonly from: number
  readonly isStreaming: boolean
  readonly asks: 'next basket' | 'held item'
  /** Which item is held out follows from it. */
  readonly seed: number
}

export function* nextBasket(log: EventLog, options: BasketOptions): Generator<Step> {
  const { from, isStreaming } = options
  const met = new Met(log)
  const random = randomOf(options.seed)
  let isTest = false
  for (let number = 0; number < log.interactions.length; ) {
    if (!isTest && number >= from) {
      isTest = true
      if (from > 0) yield { kind: 'fit' }
      if (!isStreaming) yield { kind: 'freeze' }
    }
    const end = basketEnd(log, number)
    const ask = isTest ? askFor(log, number, end, options.asks, met, random) : undefined
    if (ask) yield ask
    for (; number < end; number++) {
      met.add(number)
      yield { kind: isStreaming || !isTest ? 'learn' : 'observe', event: eventAt(log, number) }
    }
  }
}

function askFor(
  log: EventLog,
  number: number,
  end: number,
  asks: BasketOptions['asks'],
  met: Met,
  random: () => number,
): Ask | undefined {
  if (orderOf(log, number) === null) return undefined
  const basket = [...new Set(log.item.slice(number, end))].filter(item => item >= 0)
  const isHeld = asks === 'held item'
  if (basket.length < (isHeld ? 2 : 1)) return undefined
  const held = isHeld ? (basket[Math.floor(random() * basket.length)] as number) : -1
  const cart = isHeld ? basket.filter(item => item !== held) : []
  const inCart = new Set(cart)
  const relevant = isHeld ? [held] : basket
  const user = log.user[number] as number
  const atMs = log.atMs[number] as number
  return {
    kind: 'ask',
    query: {
      user,
      session: log.session[number] as number,
      atMs,
      recent: cart,
      isExcluded: item => inCart.has(item),
    },
    next: relevant,
    relevant,
    unit: user,
    userSegment: met.userSegment(user),
    itemSegment: met.itemSegment(relevant[0] as number, atMs),
  }
}

const orderOf = (log: EventLog, number: number): string | null => log.interactions[number]?.orderId ?? null

function basketEnd(log: EventLog, number: number): number {
  const order = orderOf(log, number)
  let end = number + 1
  if (order === null) return end
  while (end < log.user.length && log.user[end] === log.user[number] && orderOf(log, end) === order) end++
  return end
}
