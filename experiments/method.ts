/** What is evaluated: a {@link Recommender}, or a system that answers later, as the real graph does. */
import type { Query } from './recommender.ts'
import type { NumberedEvent } from './protocols/step.ts'

export interface Method {
  readonly name: string
  /** What about the method changes its figures, in a line of the report. */
  readonly about?: string
  learn(event: NumberedEvent): void | Promise<void>
  observe?(event: NumberedEvent): void | Promise<void>
  freeze?(): void | Promise<void>
  fit?(): void | Promise<void>
  recommend(query: Query, k: number): number[] | Promise<number[]>
  /** The items that each source brought in for the last list, by name of the source; for the ceiling. */
  candidates?(): ReadonlyMap<string, ReadonlySet<number>>
  close?(): Promise<void>
}
