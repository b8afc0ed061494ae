import { relevantPlaces } from './ranks.ts'

/**
 * Recall@k = |relevant among the first k| / |relevant|, as session-rec, Serenade and ranx have it: with more than `k` relevant
 * items it cannot reach 1 (Manning, Raghavan, Schütze, Introduction to Information Retrieval, section 8.3).
 *
 * @param relevant - not empty
 */
export const recall = (ranked: readonly number[], relevant: ReadonlySet<number>, k: number): number =>
  relevantPlaces(ranked, relevant, k).length / relevant.size
