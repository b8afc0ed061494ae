/**
 * What each user has interacted with, each item once, in order of its first interaction. Who is unknown (user −1) is a user
 * for the length of the session.
 */
import type { LearnedEvent, Query } from '../recommender.ts'
import { speaksForAnItem } from './speaks-for-an-item.ts'

const NONE: readonly number[] = []

export class Histories {
  readonly #ofUser: (number[] | undefined)[] = []
  readonly #ofSession: (number[] | undefined)[] = []
  /** Highest item number + 1. */
  itemCount = 0

  /**
   * Adds an item that is new to its user; what speaks against an item is left out.
   * @returns the history before it, oldest first, or undefined where nothing was added
   */
  learn(event: LearnedEvent): readonly number[] | undefined {
    if (!speaksForAnItem(event)) return undefined
    const { user, session, item } = event
    const [rows, row] = user >= 0 ? [this.#ofUser, user] : [this.#ofSession, session]
    const history = rows[row] ?? []
    if (history.includes(item)) return undefined
    const before = history.slice()
    history.push(item)
    rows[row] = history
    this.itemCount = Math.max(this.itemCount, item + 1)
    return before
  }

  /** @returns what is known of who asks: the learned history, then items of the session that are not in it */
  of({ user, session, recent }: Query): readonly number[] {
    const learned = (user >= 0 ? this.#ofUser[user] : this.#ofSession[session]) ?? NONE
    const unlearned = recent.filter((item, at) => !learned.includes(item) && recent.indexOf(item) === at)
    return unlearned.length === 0 ? learned : [...learned, ...unlearned]
  }

  /** All histories that are not empty, users first. */
  *all(): Generator<readonly number[]> {
    for (const history of this.#ofUser) if (history) yield history
    for (const history of this.#ofSession) if (history) yield history
  }
}
