/**
 * Interaction types are configuration; three of them mean something to the folds themselves. Weights are counted in
 * half-units, so that sums stay integers: view 1.0 is 2, purchase 3.0 is 6, skip −0.5 is −1.
 */
export const PURCHASE = 'purchase'
export const CART = 'add_to_cart'
export const IMPRESSION = 'impression'

/** @param weights - type → weight, multiples of 0.5. @returns type → half-units, a map because a type may be called `constructor` */
export function halfUnitsOf(weights: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(weights).map(([type, weight]) => [type, Math.round(weight * 2)]))
}
