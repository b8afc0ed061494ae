/**
 * What an evaluation asks of a method. Users, sessions and items are numbered densely from 0 by the data set, so that methods keep
 * typed arrays and no strings; -1 stands for an unknown user.
 */

/** One interaction that a method learns from, in the order of time. */
export interface LearnedEvent {
  readonly user: number
  readonly session: number
  readonly item: number
  readonly atMs: number
  /** What the interaction says of the item: above 0 for it, below 0 against it. */
  readonly weight: number
}

/** What is known when a list is asked for. */
export interface Query {
  readonly user: number
  readonly session: number
  readonly atMs: number
  /** Items of the session so far, the oldest first, with repetitions. */
  readonly recent: readonly number[]
  /** Whether an item must not be recommended: known to the user, or the current one, as the protocol says. */
  isExcluded(item: number): boolean
}

/** A method under test. */
export interface Recommender {
  readonly name: string
  /** Called for every event, after the events before it were learned and, where the protocol tests it, after it was predicted. */
  learn(event: LearnedEvent): void
  /**
   * The best items for a query, best first, at most `k`, none of them excluded, none twice. A method that knows nothing returns
   * fewer or none.
   */
  recommend(query: Query, k: number): number[]
  /** Called once between the events of training and those of the test, and where a protocol says that models are fitted anew. */
  fit?(): void | Promise<void>
  /**
   * Called instead of `learn` behind the point at which a protocol freezes: the visitor's own history may go on, nothing that others
   * would see. A method without it knows the visitor as they were at that point, and the session from the query.
   */
  observe?(event: LearnedEvent): void
}
