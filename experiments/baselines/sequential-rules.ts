/**
 * SR: what followed the last item, with weight 1 / steps between the two, up to `window` (10) steps. I. Kamehkhosh, D. Jannach,
 * M. Ludewig, "A Comparison of Frequent Pattern Techniques and a Deep Learning Method for Session-Based Recommendation", TempRec 2017.
 */
import { LastItemRules, type LastItemRulesOptions } from './last-item-rules.ts'

export const defaultSequentialRules = { window: 10 } as const satisfies LastItemRulesOptions

export function sequentialRules(options: Partial<LastItemRulesOptions> = {}): LastItemRules {
  const weights = { forward: (steps: number) => 1 / steps, backward: () => 0 }
  return new LastItemRules('sr', { ...defaultSequentialRules, ...options }, weights)
}
