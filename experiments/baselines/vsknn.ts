/**
 * VS-KNN: S-KNN in which later clicks of the session weigh more and rare items may count more. M. Ludewig, D. Jannach, "Evaluation
 * of session-based recommendation algorithms", UMUAI 28, 2018; rarity as in session-rec's VMContextKNN.
 *
 * similarity = Σ over shared items of position / length (oldest click: position 1), times 1 / distinct items of the session, which
 * orders nothing; score(i) = Σ similarity(N) · (1 + idfWeight · ln(sessions / clicks(i))) / step of the newest shared click.
 * Here only sessions that share one of the last `lastItems` clicks are sampled; the reference also samples sessions that
 * share earlier ones and drops them afterwards. Defaults: k 100 of 1,000, the whole session, idf weight 1.
 */
import { SessionKnn, type SessionKnnOptions, type SessionWeights } from './session-knn.ts'

export interface VsknnOptions extends SessionKnnOptions {
  /** 0 for none. */
  readonly idfWeight: number
}

export const defaultVsknn = {
  neighbours: 100,
  sample: 1_000,
  lastItems: 200,
  maxSessions: 500_000,
  maxSessionItems: 1_000,
  idfWeight: 1,
} as const satisfies VsknnOptions

function weights({ idfWeight }: VsknnOptions): SessionWeights {
  return {
    context: (step, length) => (length - step + 1) / length,
    similarity: shared => shared,
    match: step => 1 / step,
    distance: () => 1,
    rarity: (item, store) => 1 + idfWeight * Math.log(store.sessionCount / store.clicks(item)),
  }
}

export function vsknn(options: Partial<VsknnOptions> = {}): SessionKnn {
  const all = { ...defaultVsknn, ...options }
  return new SessionKnn('vsknn', all, weights(all))
}
