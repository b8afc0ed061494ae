/** How well a visitor is known, by admitted positive events: 0 cold, 1–4 session, 5–19 hybrid, 20 and more full. */
export type Rung = 'cold' | 'session' | 'hybrid' | 'full'

/** @param positives - ≥ 0 */
export function rungOf(positives: number): Rung {
  if (positives <= 0) return 'cold'
  if (positives < 5) return 'session'
  return positives < 20 ? 'hybrid' : 'full'
}
