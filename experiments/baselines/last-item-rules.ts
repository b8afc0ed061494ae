/**
 * Rules from one item to another, learned from the clicks of sessions; a list is what the rules of the last item say, the
 * strongest first. Which pairs count and how much makes the method.
 *
 * Bound: `window` clicks a session, and 12 to 32 bytes a pair seen.
 */
import type { LearnedEvent, Query, Recommender } from '../recommender.ts'
import { Scoreboard } from './scoreboard.ts'
import { SparseRow } from './sparse-row.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

export interface LastItemRulesOptions {
  /** How many clicks before a click in its session make pairs with it. */
  readonly window: number
}

export interface PairWeights {
  /** What a click adds to the rule from the click `steps` before it (1 = the one just before) to itself. */
  forward(steps: number): number
  /** … and to the rule from itself to the earlier one. */
  backward(steps: number): number
}

export class LastItemRules implements Recommender {
  readonly name: string
  readonly #window: number
  readonly #weights: PairWeights
  /** By session: its last clicks, the oldest first. */
  readonly #clicks: (number[] | undefined)[] = []
  readonly #rules: (SparseRow | undefined)[] = []
  readonly #board = new Scoreboard()

  constructor(name: string, { window }: LastItemRulesOptions, weights: PairWeights) {
    this.name = name
    this.#window = window
    this.#weights = weights
  }

  learn(event: LearnedEvent): void {
    if (!speaksForAnItem(event)) return
    const { session, item } = event
    let clicks = this.#clicks[session]
    if (clicks === undefined) {
      clicks = []
      this.#clicks[session] = clicks
    }
    for (let steps = 1; steps <= clicks.length; steps++) {
      const earlier = clicks[clicks.length - steps] as number
      this.#add(earlier, item, this.#weights.forward(steps))
      this.#add(item, earlier, this.#weights.backward(steps))
    }
    clicks.push(item)
    if (clicks.length > this.#window) clicks.shift()
  }

  recommend(query: Query, k: number): number[] {
    const last = query.recent.at(-1)
    const rules = last === undefined ? undefined : this.#rules[last]
    if (rules === undefined) return []
    const { keys, values } = rules
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] !== 0) this.#board.add((keys[at] as number) - 1, values[at] as number)
    }
    return this.#board.take(query, k)
  }

  #add(from: number, to: number, weight: number): void {
    if (weight === 0) return
    let rules = this.#rules[from]
    if (rules === undefined) {
      rules = new SparseRow()
      this.#rules[from] = rules
    }
    rules.add(to, weight)
  }
}
