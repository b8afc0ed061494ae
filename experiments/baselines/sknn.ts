/**
 * S-KNN: past sessions by cosine of their item sets. D. Jannach, M. Ludewig, "When Recurrent Neural Networks meet the Neighborhood
 * for Session-Based Recommendation", RecSys 2017.
 *
 * similarity = |S ∩ N| / √(|S| · |N|); score(i) = Σ similarity(N) over the neighbours N that hold i. Defaults: k 100 of the 500
 * newest sessions, as in the paper.
 */
import { SessionKnn, type SessionKnnOptions, type SessionWeights } from './session-knn.ts'

export const defaultSknn = {
  neighbours: 100,
  sample: 500,
  lastItems: 200,
  maxSessions: 500_000,
  maxSessionItems: 1_000,
} as const satisfies SessionKnnOptions

const weights: SessionWeights = {
  context: () => 1,
  similarity: (shared, squares, items) => shared / Math.sqrt(squares * items),
  match: () => 1,
  distance: () => 1,
  rarity: () => 1,
}

export function sknn(options: Partial<SessionKnnOptions> = {}): SessionKnn {
  return new SessionKnn('sknn', { ...defaultSknn, ...options }, weights)
}
