/**
 * A seeded stream of interactions that reaches every case of the folds: shoppers who click, search, buy and come back,
 * under equal ids as users and as devices; events that come twice, late, from wrong clocks or from the future; invalid ones
 * of every kind; and a few visitors who fill what has a bound: bots, collectors, hoarders of orders, travellers.
 */
import { withDefaults } from '../../connectors/with-defaults.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'

export interface Sent {
  readonly key: string
  readonly value: Interaction
}
/** What is published between two moves of the clock. */
export interface Burst {
  /** How far the clock moves then. */
  readonly afterMs: number
  /** Published while the graph runs, after bursts that were there before it; the clock then moves by less than a second. */
  readonly isLive: boolean
  readonly events: readonly Sent[]
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** xorshift32 */
export function randomOf(seed: number): () => number {
  let x = (seed * 2_654_435_761) >>> 0 || 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

const ITEMS = [...Array.from({ length: 40 }, (_, n) => `i${n}`), '__proto__', 'constructor', 'a|b', 'vi/ew', 'Ünï ✓']
const VISITORS = ['1', '2', '3', '4', '5', '6', '7', '8', 'ann', 'toString', 'b/o b', 'zoë']
const TYPES = [
  'view',
  'view',
  'view',
  'click',
  'click',
  'like',
  'add_to_cart',
  'purchase',
  'purchase',
  'skip',
  'dislike',
]
const RARE_TYPES = ['impression', 'impression', 'hover', 'constructor', 'impression']

export function streamOf(seed: number, startMs: number, count: number): Burst[] {
  const random = randomOf(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * random() * from.length)] as T
  const evenly = <T>(from: readonly T[]): T => from[below(from.length)] as T
  const maybe = <T>(share: number, value: () => T): T | null => (random() < share ? value() : null)
  const sent: Sent[] = []
  const bursts: Burst[] = []
  let nowMs = startMs // the middle of the visitors' time, which leaves the log's behind once the clock moves slowly
  let appendMs = startMs
  let serial = 0
  const send = (fields: Partial<Interaction>, key = fields.userId ?? fields.anonymousId ?? 'nobody') => {
    const value = withDefaults(interaction, { eventId: `e${serial++}`, ...fields })
    sent.push({ key, value })
    return { key, value }
  }
  const shopping = (): Partial<Interaction> => {
    const isUser = random() < 0.7
    const type = random() < 0.85 ? pick(TYPES) : pick(RARE_TYPES)
    const shown = () => Array.from({ length: 1 + below(50) }, (_, position) => ({ itemId: pick(ITEMS), position }))
    const isImpression = type === 'impression'
    return {
      userId: isUser ? pick(VISITORS) : null,
      anonymousId: isUser ? maybe(0.3, () => pick(VISITORS)) : pick(VISITORS),
      sessionId: maybe(0.3, () => pick(['s1', 's2', 's3'])),
      type,
      itemId: isImpression && random() < 0.8 ? null : pick(ITEMS),
      items: isImpression ? shown() : random() < 0.02 ? shown() : [],
      value: maybe(0.1, () => random() * 10),
      quantity: maybe(0.2, () => 1 + below(3)),
      price: maybe(0.2, () => random() * 100),
      dwellMs: maybe(0.2, () => below(2 * HOUR)),
      completion: maybe(0.1, random),
      orderId: type === 'purchase' ? maybe(0.5, () => `order ${below(9)}`) : maybe(0.02, () => 'stray'),
      query: maybe(0.1, () => pick(['red shoes', '  wide  ', ' ', 'x'.repeat(300), `${'y'.repeat(199)}✓✓`])),
      device: maybe(0.6, () => pick(['mobile', 'Desktop', 'tablet', 'a device of no form', ''])),
      country: maybe(0.6, () => pick(['AT', 'de', 'Ch', 'Österreich', 'X', ''])),
      language: maybe(0.4, () => pick(['de', 'de-AT', 'EN', 'x', 'not a language'])),
      userAgent: maybe(0.1, () => pick(['Mozilla/5.0', 'curl/8', 'Googlebot/2.1'])),
      occurredAt: nowMs - timeAgo(),
    }
  }
  const timeAgo = (): number => {
    const draw = random()
    if (draw < 0.7) return below(3 * MINUTE)
    if (draw < 0.85) return below(2 * HOUR)
    if (draw < 0.93) return below(45 * DAY)
    if (draw < 0.96) return below(400 * DAY)
    if (draw < 0.98) return below(30 * YEAR)
    return [
      nowMs - 1,
      nowMs,
      ...[4 * MINUTE, 5 * MINUTE, 5 * MINUTE + 1, 2 * DAY].map(ahead => nowMs - appendMs - ahead),
    ][below(6)] as number
  }
  const skewed = (): Partial<Interaction> => {
    const skewMs = [-3 * DAY, -HOUR, 7 * MINUTE, 2 * DAY][below(4)] as number
    const sentAt = nowMs + skewMs
    const fields = shopping()
    return { ...fields, occurredAt: sentAt - below(20 * MINUTE), sentAt, receivedAt: maybe(0.8, () => nowMs) }
  }
  const invalid = (): Partial<Interaction> => {
    const good = shopping()
    const type = 'view'
    return evenly<() => Partial<Interaction>>([
      () => ({ ...good, type: 'stare' }),
      () => ({ ...good, type: 'toString' }),
      () => ({ ...good, type, itemId: null }),
      () => ({ ...good, type: 'impression', itemId: null, items: [] }),
      () => ({
        ...good,
        type: 'impression',
        items: Array.from({ length: 51 }, (_, n) => ({ itemId: `i${n}`, position: n })),
      }),
      () => ({ ...good, userId: null, anonymousId: null }),
      () => ({ ...good, userId: '' }),
      () => ({ ...good, userId: null, anonymousId: 'é'.repeat(129) }),
      () => ({ ...good, type, itemId: '' }),
      () => ({ ...good, type: 'impression', items: [{ itemId: 'x'.repeat(257), position: null }] }),
      () => ({ ...good, eventId: '' }),
      () => ({ ...good, price: Number.NaN }),
      () => ({ ...good, price: -0.01 }),
      () => ({ ...good, completion: 1.01 }),
      () => ({ ...good, dwellMs: -1 }),
      () => ({ ...good, value: Number.POSITIVE_INFINITY }),
      () => ({ ...good, value: -0.5 }),
      () => ({ ...good, sessionId: '' }),
      () => ({ ...good, orderId: '' }),
      () => ({ ...good, requestId: '' }),
      () => ({ ...good, quantity: -1 }),
      () => ({ ...good, quantity: 0 }),
      () => ({ ...good, position: -1 }),
      () => ({ ...good, type: 'impression', items: [{ itemId: 'x', position: -1 }] }),
      () => ({ ...good, occurredAt: -1 }),
      () => ({ ...good, occurredAt: 0, sentAt: 1000, receivedAt: nowMs }),
      () => ({ ...good, sentAt: -5 }),
      () => ({ ...good, receivedAt: -5 }),
      () => ({ ...good, occurredAt: 2, sentAt: 4, receivedAt: 2 }),
      () => ({ ...good, type: 'stare', userId: '', price: Number.NaN }),
    ])()
  }
  const again = (): void => {
    const { key, value } = sent[Math.max(0, sent.length - 1 - below(200))] as Sent
    const sameItem = random() < 0.5
    sent.push({
      key,
      value: {
        ...value,
        eventId: sameItem ? `e${serial++}` : value.eventId,
        occurredAt: value.occurredAt + (below(3) - 1) * below(DAY),
      },
    })
  }
  for (let n = 0; n < count; n++) {
    const draw = random()
    if (draw < 0.82) send(shopping())
    else if (draw < 0.88) send(skewed())
    else if (draw < 0.92) send(invalid())
    else if (draw < 0.93) send(shopping(), 'not the visitor')
    else if (sent.length > 0) again()
    if (n % 97 === 5) extremes(n, send, nowMs, below)
    if (sent.length >= 40 || n === count - 1) {
      const isLive = n > count / 2
      const passedMs = below(20 * MINUTE) + (random() < 0.05 ? below(9 * DAY) : 0)
      const isLastBefore = !isLive && n + 60 > count / 2
      const afterMs = isLive ? below(400) : isLastBefore ? 200 * DAY : passedMs
      bursts.push({ isLive, afterMs, events: sent.splice(0) })
      nowMs += passedMs
      appendMs += afterMs
    }
  }
  return bursts
}

/** Visitors who fill what has a bound, a chapter each; a chapter is sent in one burst. */
function extremes(
  n: number,
  send: (fields: Partial<Interaction>) => void,
  nowMs: number,
  below: (limit: number) => number,
): void {
  const chapter = Math.floor(n / 97) % 8
  const userId = ['busy', 'curious', 'collector', 'hoarder', 'browser', 'traveller', 'shown', 'hub'][chapter] as string
  const at = (ago: number) => nowMs - ago
  const times = (count: number, one: (i: number) => Partial<Interaction>) => {
    for (let i = 0; i < count; i++) send({ userId, ...one(i) })
  }
  if (userId === 'busy') {
    // 300 impressions fill a bucket, purchases push them out of the memory, and the bucket begins at 0 again
    const bucketMs = Math.floor(nowMs / (10 * MINUTE)) * 10 * MINUTE - 10 * MINUTE
    const show = (i: number) => ({ type: 'impression', itemId: `i${i % 7}`, occurredAt: bucketMs + i * 1500 })
    times(305, show)
    times(250, i => ({ type: 'purchase', itemId: `b${below(1400)}`, orderId: `o${i >> 3}`, occurredAt: bucketMs + i }))
    times(4, show)
    times(10, i => ({ type: 'purchase', itemId: `b${i}`, occurredAt: bucketMs + i }))
    times(4, show)
  } else if (userId === 'curious') times(215, i => ({ type: 'view', itemId: `c${i}`, occurredAt: at(10 * MINUTE - i) }))
  else if (userId === 'collector')
    times(230, i => ({
      type: i % 9 === 0 ? 'dislike' : 'like',
      itemId: `k${below(300)}`,
      occurredAt: at(below(4) === 0 ? below(90) * DAY : (230 - i) * 11 * MINUTE),
    }))
  else if (userId === 'hoarder') {
    times(40, i => ({
      type: 'purchase',
      itemId: `h${i % 35}`,
      orderId: `p${i % 37 === 36 ? 2 : 1}`,
      occurredAt: at(40 - i),
    }))
    times(30, i => ({ type: 'purchase', itemId: `h${below(9)}`, orderId: `q${below(6)}`, occurredAt: at(-i) }))
    times(30, i => ({ type: 'purchase', itemId: `h${below(9)}`, sessionId: `s${i >> 3}`, occurredAt: at(-i - 100) }))
  } else if (userId === 'browser') {
    times(70, i => ({ type: 'add_to_cart', itemId: `w${(i * 7) % 61}`, occurredAt: at(70 * SECOND - i * SECOND) }))
    times(70, i => ({
      type: i % 20 === 0 ? 'view' : 'skip',
      itemId: `w${i % 20 === 0 ? i : below(300)}`,
      occurredAt: at(0),
    }))
  } else if (userId === 'traveller')
    times(90, i => ({
      type: 'purchase',
      itemId: 'souvenir',
      orderId: `t${i}`,
      country: `${'ABCDEFGHIJ'[i % 10]}${'XY'[below(2)]}`,
      device: `d${below(7)}`,
      occurredAt: at(i * HOUR),
    }))
  else if (userId === 'shown')
    times(9, i => ({
      type: 'impression',
      items: Array.from({ length: 1 + below(50) }, () => ({ itemId: `i${below(160)}`, position: null })),
      occurredAt: at(i),
    }))
  else
    times(60, i => ({
      type: 'purchase',
      itemId: i % 2 === 0 ? 'hub' : `n${below(40)}`,
      orderId: `hub${nowMs}${i >> 2}`,
      occurredAt: at(0),
    }))
}
