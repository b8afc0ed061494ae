/**
 * VSTAN: STAN with VS-KNN's rarity and weight by the newest shared click. M. Ludewig, N. Mauro, S. Latifi, D. Jannach, "Empirical
 * analysis of session-based recommendation algorithms", UMUAI 31, 2021; details as in session-rec's VSKNN_STAN.
 *
 * score(i) = Σ over neighbours of STAN's term · exp(−(step of the newest shared click − 1) / matchDecay)
 * · (1 + idfWeight · ln(sessions / clicks(i))). Defaults: those tuned for RetailRocket there; the
 * similarity stays the cosine, which session-rec's code takes whatever its configuration says.
 */
import { SessionKnn, type SessionWeights } from './session-knn.ts'
import { defaultStan, type StanOptions, stanWeights } from './stan.ts'

export interface VstanOptions extends StanOptions {
  /** Clicks after which a neighbour whose newest shared click is that old weighs 1/e. */
  readonly matchDecay: number
  /** 0 for none. */
  readonly idfWeight: number
}

export const defaultVstan = {
  ...defaultStan,
  neighbours: 1_000,
  sample: 2_500,
  positionDecay: 3.62,
  matchDecay: 3.62,
  idfWeight: 1,
} as const satisfies VstanOptions

function weights(options: VstanOptions): SessionWeights {
  const { matchDecay, idfWeight } = options
  return {
    ...stanWeights(options),
    match: step => Math.exp((1 - step) / matchDecay),
    rarity: (item, store) => 1 + idfWeight * Math.log(store.sessionCount / store.clicks(item)),
  }
}

export function vstan(options: Partial<VstanOptions> = {}): SessionKnn {
  const all = { ...defaultVstan, ...options }
  return new SessionKnn('vstan', all, weights(all))
}
