/**
 * What a visitor did with one item, in one integer: strength in half-units << 2 | bought << 1 | turned down. 0 is nothing.
 */
const BOUGHT = 2
const DISLIKED = 1
const MAX_STRENGTH = 0xffff

/** @param strength - half-units, ≥ 0 */
export const touch = (strength: number, isBought: boolean, isDisliked: boolean): number =>
  (Math.min(strength, MAX_STRENGTH) << 2) | (isBought ? BOUGHT : 0) | (isDisliked ? DISLIKED : 0)

/** @returns half-units */
export const strengthOf = (code: number): number => code >> 2
export const isBought = (code: number): boolean => (code & BOUGHT) !== 0
/** Skipped or disliked after the last positive interaction. */
export const isDisliked = (code: number): boolean => (code & DISLIKED) !== 0
/** Weight among the liked, in whole units: 0 for what was turned down. */
export const likedWeight = (code: number): number => (isDisliked(code) ? 0 : strengthOf(code) / 2)
export const dislikedWeight = (code: number): number => (isDisliked(code) ? 1 : 0)

/** Strength and purchases never fall; whether the item was turned down, the later one says. */
export const mergeTouches = (earlier: number, later: number): number =>
  touch(Math.max(strengthOf(earlier), strengthOf(later)), isBought(earlier) || isBought(later), isDisliked(later))
