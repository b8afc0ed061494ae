/** What a protocol does with a method, step by step. Every method is led through the same steps. */
import type { LearnedEvent, Query } from '../recommender.ts'

/** An event with its number in the log, for methods that want more of it than its columns. */
export interface NumberedEvent extends LearnedEvent {
  readonly number: number
}

/** How much was known of the visitor before: no item, 1 to 19, 20 and more. */
export type UserSegment = 'new' | 'light' | 'heavy'
/**
 * Of the first item that is relevant: first met less than a day ago or not yet; among those that have half of all interactions;
 * the others.
 */
export type ItemSegment = 'new' | 'head' | 'tail'

export interface Ask {
  readonly kind: 'ask'
  readonly query: Query
  /** Items of which the first met counts for hit rate and reciprocal rank; not empty. */
  readonly next: readonly number[]
  /** Items that count for recall, NDCG and MAP; not empty, none twice. */
  readonly relevant: readonly number[]
  /** Who is drawn as one in intervals and tests. */
  readonly unit: number
  readonly userSegment: UserSegment
  readonly itemSegment: ItemSegment
}

export type Step =
  | Ask
  /** The method takes it in. */
  | { readonly kind: 'learn'; readonly event: NumberedEvent }
  /** After the point at which the method stands still: the visitor's own history goes on, nothing shared does. */
  | { readonly kind: 'observe'; readonly event: NumberedEvent }
  /** From here on nothing shared is learned. */
  | { readonly kind: 'freeze' }
  | { readonly kind: 'fit' }

export interface Protocol {
  /** The exact name, with what must not be recommended and whether learning goes on. */
  readonly name: string
  /** What it does, in a sentence or two. */
  readonly about: string
  /** Who is drawn as one. */
  readonly unit: 'user' | 'session'
  /** Where repeats may be recommended, a caller would say so to the server. */
  readonly mayRepeat: boolean
  steps(): Generator<Step>
  /** Events that the steps go through. */
  readonly events: number
}
