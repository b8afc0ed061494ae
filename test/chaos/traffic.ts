/**
 * Seeded traffic of a shop small enough that its counts are dense: a few hundred visitors, known and anonymous, and items.
 * Every visitor has a clock of their own, which runs from a month ago towards now, so that sessions open and close. Some
 * events come late, twice, from wrong clocks or from the future; some are refused for what they are.
 */
import { withDefaults } from '../../connectors/with-defaults.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { type Item, item } from '../../schemas/item.ts'
import { randomOf } from '../../bench/random.ts'

const VISITORS = 300
const ITEMS = 200
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const BACK_MS = 30 * DAY_MS
/** Between two events of a visitor, mean. */
const STEP_MS = 7 * MINUTE_MS
const RECENT = 500

const TYPES: readonly (readonly [string, number])[] = [
  ['view', 0.45],
  ['click', 0.2],
  ['like', 0.07],
  ['add_to_cart', 0.08],
  ['purchase', 0.08],
  ['skip', 0.04],
  ['dislike', 0.02],
  ['impression', 0.05],
  ['stare', 0.01],
]
const DEVICES = ['mobile', 'desktop', 'tablet', null]
const COUNTRIES = ['AT', 'DE', 'CH', 'FR', null]

export class Traffic {
  readonly random: () => number
  readonly #seed: number
  readonly #startMs: number
  readonly #clocks = new Map<number, number>()
  readonly #recent: Interaction[] = []
  #count = 0

  /** @param startMs - the wall clock when it begins */
  constructor(seed: number, startMs: number) {
    this.#seed = seed
    this.#startMs = startMs
    this.random = randomOf(seed)
  }

  /** @param nowMs - the wall clock: nothing but what is meant to be lies ahead of it */
  next(nowMs: number): Interaction {
    const again = this.#again()
    if (again) return again
    const visitor = this.#below(VISITORS)
    const isUser = visitor % 4 !== 0
    const type = this.#type()
    const name = `${isUser ? 'u' : 'a'}${visitor}`
    const isImpression = type === 'impression'
    const event = withDefaults(interaction, {
      eventId: `${this.#seed}-${this.#count++}`,
      userId: isUser ? name : null,
      anonymousId: isUser ? null : name,
      sessionId: this.#maybe(0.2, () => `s${this.#below(3)}`),
      type,
      itemId: isImpression || this.random() < 0.003 ? null : this.#item(),
      items: isImpression
        ? Array.from({ length: 1 + this.#below(8) }, (_, position) => ({ itemId: this.#item(), position }))
        : [],
      orderId: type === 'purchase' ? this.#maybe(0.7, () => `${name}-o${this.#below(40)}`) : null,
      price: this.#maybe(0.2, () => (this.random() < 0.02 ? -1 : this.#below(9_000) / 100)),
      device: DEVICES[visitor % DEVICES.length] ?? null,
      country: COUNTRIES[visitor % COUNTRIES.length] ?? null,
      userAgent: this.#maybe(0.01, () => 'Examplebot/1.0'),
      occurredAt: this.#timeOf(visitor, nowMs),
    })
    this.#recent.push(event)
    if (this.#recent.length > RECENT) this.#recent.shift()
    return event
  }

  /** An event of before: sent twice, or the same action under another id. */
  #again(): Interaction | undefined {
    const draw = this.random()
    if (draw > 0.03 || this.#recent.length === 0) return undefined
    const event = this.#recent[this.#below(this.#recent.length)] as Interaction
    return draw < 0.02 ? event : { ...event, eventId: `${this.#seed}-${this.#count++}` }
  }

  #timeOf(visitor: number, nowMs: number): number {
    const draw = this.random()
    if (draw < 0.01) return nowMs + 4 * MINUTE_MS + this.#below(10 * MINUTE_MS) // to both sides of the limit
    if (draw < 0.03) return nowMs - this.#below(400 * DAY_MS)
    const lastMs = this.#clocks.get(visitor) ?? this.#startMs - BACK_MS
    const atMs = Math.min(nowMs, lastMs - Math.log(1 - this.random()) * STEP_MS)
    this.#clocks.set(visitor, atMs)
    return Math.floor(draw < 0.1 ? atMs - this.#below(120 * MINUTE_MS) : atMs)
  }

  /** A change of the catalogue: a new price, or taken down, or there again. */
  nextItem(): { readonly id: string; readonly value: Item | null } {
    const number = this.#below(ITEMS)
    const draw = this.random()
    const value = draw < 0.02 ? null : { ...itemOf(number), price: this.#below(9_000) / 100, available: draw > 0.1 }
    return { id: `i${number}`, value }
  }

  #item(): string {
    return `i${Math.floor(this.random() ** 2 * ITEMS)}` // some are popular
  }

  #type(): string {
    let left = this.random()
    for (const [type, share] of TYPES) {
      left -= share
      if (left < 0) return type
    }
    return 'view'
  }

  #below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  #maybe<T>(share: number, value: () => T): T | null {
    return this.random() < share ? value() : null
  }
}

export const catalogue = (): { readonly id: string; readonly value: Item }[] =>
  Array.from({ length: ITEMS }, (_, number) => ({ id: `i${number}`, value: itemOf(number) }))

const itemOf = (number: number): Item =>
  withDefaults(item, {
    title: `thing ${number}`,
    categories: [`c${number % 8}`],
    brand: `b${number % 20}`,
    price: 5 + (number % 90),
    available: true,
  })

/** Visitors who may be asked for: known ones, and some that nobody has seen. */
export function visitorPath(random: () => number): string {
  const visitor = Math.floor(random() * (VISITORS + 20))
  return visitor % 4 === 0 ? `visitors/a${visitor}` : `users/u${visitor}`
}
