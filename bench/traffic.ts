/** Made-up visitors, items and what they do, for benches that send events. */
import { withDefaults } from '../connectors/with-defaults.ts'
import { type Interaction, interaction } from '../schemas/interaction.ts'
import { type Item, item } from '../schemas/item.ts'
import { randomOf } from './random.ts'
import { zipf } from './zipf.ts'

export interface TrafficSize {
  readonly users: number
  readonly items: number
  readonly seed: number
}

const USER_EXPONENT = 0.8
const ITEM_EXPONENT = 1
const COUNTRIES = 20
const DEVICES = ['desktop', 'mobile', 'tablet']
const REPEAT_MS = 600_000
/** Type → share of the events. All of them count for something, so that every one changes a list. */
const TYPES: readonly (readonly [string, number])[] = [
  ['click', 0.6],
  ['view', 0.25],
  ['like', 0.07],
  ['add_to_cart', 0.05],
  ['purchase', 0.03],
]

/** Users Zipf 0.8, items Zipf 1, drawn apart from each other; one user does not take the same item twice in ten minutes. */
export class Traffic {
  readonly random: () => number
  readonly #user: () => number
  readonly #item: () => number
  /** Who took what in this REPEAT_MS of event time, and in the one before. */
  #taken = new Set<string>()
  #takenBefore = new Set<string>()
  #turnedMs = 0
  readonly #seed: number
  #count = 0

  constructor({ users, items, seed }: TrafficSize) {
    this.random = randomOf(seed)
    this.#user = zipf(users, USER_EXPONENT, this.random)
    this.#item = zipf(items, ITEM_EXPONENT, this.random)
    this.#seed = seed
  }

  /** @param atMs - event time */
  next(atMs: number): Interaction {
    const user = this.#user()
    if (atMs - this.#turnedMs > REPEAT_MS) {
      this.#takenBefore = this.#taken
      this.#taken = new Set()
      this.#turnedMs = atMs
    }
    let itemId = ''
    for (let tries = 0; tries < 50; tries++) {
      itemId = `item-${this.#item()}`
      const pair = `${user}/${itemId}`
      if (!this.#taken.has(pair) && !this.#takenBefore.has(pair)) break
    }
    this.#taken.add(`${user}/${itemId}`)
    return withDefaults(interaction, {
      eventId: `bench-${this.#seed}-${this.#count++}`,
      userId: `user-${user}`,
      itemId,
      type: this.#type(),
      country: `c${user % COUNTRIES}`,
      device: DEVICES[user % DEVICES.length] as string,
      surface: 'home',
      occurredAt: atMs,
    })
  }

  #type(): string {
    let left = this.random()
    for (const [type, share] of TYPES) {
      left -= share
      if (left < 0) return type
    }
    return 'click'
  }
}

/** @param number - of the item, 0 for the most popular. @param embedding - length of a supplied vector, 0 for none */
export function catalogueItem(number: number, embedding: number): Item {
  const category = number % 60
  const random = randomOf(number)
  return withDefaults(item, {
    title: `thing ${number % 977} of kind ${number % 131}`,
    categories: [`cat-${category}`, `dept-${category % 7}`],
    brand: `brand-${number % 800}`,
    tags: [`tag-${number % 211}`, `tag-${number % 37}`],
    price: 5 + (number % 200),
    available: true,
    embedding: embedding === 0 ? null : Array.from({ length: embedding }, () => random() - 0.5),
  })
}
