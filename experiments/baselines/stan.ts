/**
 * STAN: neighbours by position in the session, age of the neighbour, and place of an item in the neighbour. D. Garg, P. Gupta, P. Malhotra,
 * L. Vig, G. Shroff, "Sequence and Time Aware Neighborhood for Session-based Recommendations", SIGIR 2019; details as in session-rec.
 *
 * w(j) = exp(−(step(j) − 1) / positionDecay); similarity = Σ shared w / (√(Σ w²) · √|N|) · exp(−age / timeDecayDays);
 * score(i) = Σ similarity(N) · exp(−|clicks in N from i to the last shared item| / distanceDecay).
 * Defaults: those tuned for RetailRocket in M. Ludewig et al., "Empirical analysis of session-based recommendation algorithms", UMUAI 31, 2021.
 */
import { SessionKnn, type SessionKnnOptions, type SessionWeights } from './session-knn.ts'

export interface StanOptions extends SessionKnnOptions {
  /** Clicks after which a click of the session weighs 1/e; λ1. */
  readonly positionDecay: number
  /** Days after which a past session weighs 1/e; λ2. */
  readonly timeDecayDays: number
  /** Clicks from the last shared item at which an item of a neighbour weighs 1/e; λ3. */
  readonly distanceDecay: number
}

export const defaultStan = {
  neighbours: 500,
  sample: 1_000,
  lastItems: 200,
  maxSessions: 500_000,
  maxSessionItems: 1_000,
  positionDecay: 1.81,
  timeDecayDays: 100,
  distanceDecay: 0.4525,
} as const satisfies StanOptions

const DAY_MS = 86_400_000

/** @returns the weights of STAN */
export function stanWeights({ positionDecay, timeDecayDays, distanceDecay }: StanOptions): SessionWeights {
  const timeDecayMs = timeDecayDays * DAY_MS
  return {
    context: step => Math.exp((1 - step) / positionDecay),
    similarity: (shared, squares, items, ageMs) =>
      (shared / Math.sqrt(squares * items)) * Math.exp(-ageMs / timeDecayMs),
    match: () => 1,
    distance: clicks => Math.exp(-clicks / distanceDecay),
    rarity: () => 1,
  }
}

export function stan(options: Partial<StanOptions> = {}): SessionKnn {
  const all = { ...defaultStan, ...options }
  return new SessionKnn('stan', all, stanWeights(all))
}
