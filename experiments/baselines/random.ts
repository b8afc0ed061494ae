/** Random: items met so far, each as likely as the others. The floor of every comparison. */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { randomOf } from '../statistics/random.ts'

export interface RandomOptions {
  readonly seed: number
}

export const defaultRandom = { seed: 1 } as const satisfies RandomOptions

export class RandomItems implements Recommender {
  readonly name = 'random'
  readonly #random: () => number
  readonly #items: number[] = []
  readonly #isKnown: boolean[] = []

  constructor(options: Partial<RandomOptions> = {}) {
    this.#random = randomOf(options.seed ?? defaultRandom.seed)
  }

  learn({ item }: LearnedEvent): void {
    if (item < 0 || this.#isKnown[item]) return
    this.#isKnown[item] = true
    this.#items.push(item)
  }

  recommend(query: Query, k: number): number[] {
    const items = this.#items
    const list: number[] = []
    for (let at = 0; at < items.length && list.length < k; at++) {
      const other = at + Math.floor(this.#random() * (items.length - at))
      const item = items[other] as number
      items[other] = items[at] as number
      items[at] = item
      if (!query.isExcluded(item)) list.push(item)
    }
    return list
  }
}
