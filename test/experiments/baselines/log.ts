/** Short ways to write logs and queries in tests of methods. */
import type { LearnedEvent, Query, Recommender } from '../../../experiments/recommender.ts'

const MINUTE_MS = 60_000

/** @param log - [session, item] in order, a minute apart; also its user */
export function learnAll(method: Recommender, log: readonly (readonly [number, number])[]): void {
  log.forEach(([session, item], at) => {
    method.learn(event(session, item, at * MINUTE_MS))
  })
}

/** @returns an interaction of user and session `who` */
export function event(who: number, item: number, atMs: number, weight = 1): LearnedEvent {
  return { user: who, session: who, item, atMs, weight }
}

/** @returns a query of an unknown user's new session after a day, the items of `without` excluded */
export function ask(recent: readonly number[], without: readonly number[] = [], atMs = 86_400_000): Query {
  return { user: -1, session: 1_000, atMs, recent, isExcluded: item => without.includes(item) }
}

/** @returns a query of a user outside any session */
export function askFor(user: number, without: readonly number[] = []): Query {
  return { ...ask([], without), user }
}
