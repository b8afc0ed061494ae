import { relevantPlaces } from './ranks.ts'

/**
 * HR@k: 1 where any relevant item is among the first `k`, else 0; its mean is the hit rate. With one relevant item it equals
 * Recall@k (Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004, section 5.1).
 */
export const hitRate = (ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number =>
  relevantPlaces(ranked, relevant, k).length > 0 ? 1 : 0
