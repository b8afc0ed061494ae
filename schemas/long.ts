/**
 * The longs that avsc 5.7 reads back as they were written. Its own check lets odd numbers below −2^52 pass, and they come
 * back as their neighbours: the zigzag form of those needs 54 bits.
 */
export const MIN_LONG = -(2 ** 52)
export const MAX_LONG = 2 ** 53 - 2

export const LONG_RANGE = '−2^52 … 2^53 − 2'
export const isLong = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= MIN_LONG && (value as number) <= MAX_LONG
