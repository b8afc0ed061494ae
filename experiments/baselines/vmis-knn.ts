/**
 * VMIS-kNN, the rule of Serenade. B. Kersbergen, O. Sprangers, S. Schelter, "Serenade: Low-Latency Session-Based Recommendation in
 * e-Commerce at Scale", SIGMOD 2022; details as in its engine, version 0.3.1.
 *
 * similarity = Σ over shared items of position / distinct items (oldest of the last clicks: position 1; the divisor orders nothing);
 * score(i) = Σ similarity(N) · (1 − 0.1 · step of the newest shared click) · idfWeight · ln(P / P(i)), where P counts
 * (session, item) pairs of past sessions and P(i) those of the item. Its walk over postings with a heap of times and an early stop
 * finds the `sample` newest sessions that share an item, up to equal times, which is what is done here in one pass.
 * Sessions longer than the 99.5th percentile of its log are left out: 34 distinct items in production, 15 in its published sample. Two quirks are not kept: a repeated
 * click does not move a session's time there, and its reader loses the last session of the file. Defaults: its shipped
 * configuration, m 500, k 50, last 2 clicks, idf weight 1 (which orders nothing).
 */
import { SessionKnn, type SessionKnnOptions, type SessionWeights } from './session-knn.ts'

export const defaultVmisKnn = {
  neighbours: 50,
  sample: 500,
  lastItems: 2,
  maxSessions: 500_000,
  maxSessionItems: 34,
} as const satisfies SessionKnnOptions

const weights: SessionWeights = {
  context: (step, length) => length - step + 1,
  similarity: shared => shared,
  match: step => (step < 100 ? 1 - 0.1 * step : 0),
  distance: () => 1,
  rarity: (item, store) => Math.log(store.pairCount / store.sessions(item)),
}

export function vmisKnn(options: Partial<SessionKnnOptions> = {}): SessionKnn {
  return new SessionKnn('vmis-knn', { ...defaultVmisKnn, ...options }, weights)
}
