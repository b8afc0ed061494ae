/** The counters that user tasks change in item tasks. A delta is an integer; what its amount counts depends on its kind. */
export const SIGNAL = {
  /** Pair strength in half-units: `other` is the neighbour. Sent to both items. */
  viewedWith: 0,
  /** Sixths: `item` was followed by `other`; 6 next, 3 second, 2 third. Sent to `item` only. */
  next: 1,
  /** Orders that held both: `other` is the neighbour. Sent to both items. */
  boughtWith: 2,
  /** Growth of the item's strength in a visitor's window, half-units: the norm of `viewedWith`. */
  viewedNorm: 3,
  /** Orders that held the item: the norm of `boughtWith`. */
  boughtNorm: 4,
  /** Positive weight in half-units; `other` is the cell, `country|device`. */
  popularity: 5,
  /** Events of one type, `other` is the type; amount 1. */
  count: 6,
} as const
export type SignalKind = (typeof SIGNAL)[keyof typeof SIGNAL]

/** One delta as a user task states it, before it is framed. */
export interface Signal {
  readonly itemId: string
  readonly kind: SignalKind
  /** "" where the kind has none. */
  readonly other: string
  readonly amount: number
}
