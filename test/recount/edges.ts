/** Interactions at the very limits of the folds and one past them; every case has visitors and items of its own. */
import { withDefaults } from '../../connectors/with-defaults.ts'
import type { FoldOptions } from '../../processors/options.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import type { Sent } from './stream.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** @param atMs - a whole second; events lie within a hundred days of it. @param folds - windows of whole seconds */
export function edgesOf(atMs: number, folds: FoldOptions): Sent[] {
  const sent: Sent[] = []
  const send = (userId: string, type: string, itemId: string, occurredAt: number, more: Partial<Interaction> = {}) =>
    sent.push({
      key: userId,
      value: withDefaults(interaction, { eventId: `edge ${sent.length}`, userId, type, itemId, occurredAt, ...more }),
    })

  // The same eventId a day apart in whole seconds, though further in milliseconds; one second more; the same backwards.
  for (const [visitor, laterMs] of [
    ['twice', folds.dedupeWindowMs + 999],
    ['twice, late', -folds.dedupeWindowMs],
    ['again', folds.dedupeWindowMs + SECOND],
    ['again, late', -folds.dedupeWindowMs - 1],
  ] as const) {
    send(visitor, 'view', 'first', atMs, { eventId: visitor })
    send(visitor, 'view', 'second', atMs + laterMs, { eventId: visitor })
  }
  const bucketMs = Math.floor(atMs / folds.repeatBucketMs) * folds.repeatBucketMs
  for (const [visitor, laterMs] of [
    ['repeats', folds.repeatBucketMs - 1],
    ['does not repeat', folds.repeatBucketMs],
  ] as const) {
    send(visitor, 'view', 'same', bucketMs)
    send(visitor, 'view', 'same', bucketMs + laterMs)
  }

  for (const [visitor, gapMs] of [
    ['stays', folds.sessionGapMs - 1],
    ['comes back', folds.sessionGapMs],
  ] as const) {
    send(visitor, 'add_to_cart', 'left behind', atMs)
    send(visitor, 'view', 'after', atMs + gapMs)
  }
  for (const [n, itemId] of ['a', 'b', 'c', 'a', 'd'].entries()) send('cart', 'add_to_cart', itemId, atMs + n)
  send('cart', 'purchase', 'b', atMs + 9)
  const queries = ['x'.repeat(201), `  ${'y'.repeat(300)}`, `${'z'.repeat(199)} cut`, `${'s'.repeat(199)}😀`, '\t']
  for (const [n, query] of queries.entries()) send(`query ${n}`, 'view', 'asked', atMs, { query })

  const many = Array.from({ length: 51 }, (_, n) => ({ itemId: `many ${n}`, position: n }))
  send('with items', 'view', 'one', atMs, { items: many })
  send('with items', 'view', 'two', atMs, { items: [{ itemId: '', position: null }] })
  send('with items', 'impression', 'three', atMs, { items: many.slice(1) })
  send('with items', 'impression', 'four', atMs, { items: many })

  for (const [n, types] of [
    ['like', 'dislike'],
    ['skip', 'view'],
    ['click', 'skip', 'like'],
  ].entries())
    for (const type of types) send('of two minds', type, `tied ${n}`, atMs)
  for (let n = 0; n < 1_003; n++)
    send('buys all', 'purchase', `good ${n}`, atMs + n * MINUTE, { orderId: `goods ${n >> 2}` })
  for (const n of [3, 2, 500, 1_002])
    send('buys all', 'purchase', `good ${n}`, atMs + 2_000 * MINUTE, { orderId: `back ${n}` })

  // 200 items, the two oldest at one time: an item of that time takes the place of the smaller id, an older one has none.
  for (const [visitor, beforeMs] of [
    ['collects', 0],
    ['collects, late', 1],
  ] as const) {
    for (let n = 0; n < 198; n++) send(visitor, 'like', `kept ${n}`, atMs + (n + 1) * HOUR)
    for (const itemId of ['tie B', 'tie a']) send(visitor, 'like', itemId, atMs)
    send(visitor, 'like', 'tie C', atMs - beforeMs)
  }

  for (const [visitor, laterMs] of [
    ['window', folds.pairWindowMs],
    ['window, past', folds.pairWindowMs + 1],
    ['window, late', -folds.pairWindowMs],
    ['window, too late', -folds.pairWindowMs - 1],
  ] as const) {
    send(visitor, 'view', `${visitor} 1`, atMs)
    send(visitor, 'view', `${visitor} 2`, atMs + laterMs)
    send(visitor, 'like', `${visitor} 1`, atMs + Math.max(0, laterMs))
  }

  // A session is named by its start: two that begin in the same millisecond have one order.
  send('two sessions', 'purchase', 'of the first', atMs, { sessionId: 'one' })
  send('two sessions', 'purchase', 'of the second', atMs, { sessionId: 'two' })

  for (const known of [62, 63, 64])
    for (let n = 0; n <= known; n++) {
      const country = `${'ABCDEFGHI'[n >> 3]}A`
      const cell = n === 10 ? {} : { country, device: n % 8 === 0 ? null : `d${n % 8}` }
      send(`tours ${known}`, 'purchase', `cells ${known}`, atMs + n, { orderId: `cell ${n}`, ...cell })
    }
  return sent
}
