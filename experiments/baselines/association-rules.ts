/**
 * AR: co-occurrence with the last item, both ways: each pair of clicks of a session counts 1. I. Kamehkhosh, D. Jannach,
 * M. Ludewig, "A Comparison of Frequent Pattern Techniques and a Deep Learning Method for Session-Based Recommendation", TempRec 2017.
 *
 * The reference pairs a click with all clicks before it and keeps the 20 strongest rules of an item; here with the last
 * `window` (100) of them, and all rules are kept, which changes nothing in the first 20 of a list.
 */
import { LastItemRules, type LastItemRulesOptions } from './last-item-rules.ts'

export const defaultAssociationRules = { window: 100 } as const satisfies LastItemRulesOptions

export function associationRules(options: Partial<LastItemRulesOptions> = {}): LastItemRules {
  return new LastItemRules('ar', { ...defaultAssociationRules, ...options }, { forward: () => 1, backward: () => 1 })
}
