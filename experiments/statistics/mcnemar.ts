/**
 * McNemar's exact test for hits: of the queries that only one of two methods hits, each should have half. Two-sided binomial,
 * summed in logarithms so that no count is too large (McNemar 1947; the exact form as statsmodels' `mcnemar(exact=True)`). It
 * takes queries for independent; with many queries a user, {@link permutationTest} by user is the one to trust.
 *
 * @param onlyOurs - queries that we alone hit
 * @param onlyTheirs - queries that they alone hit
 * @returns p, 1 where there are none
 */
export function mcnemar(onlyOurs: number, onlyTheirs: number): number {
  const n = onlyOurs + onlyTheirs
  const least = Math.min(onlyOurs, onlyTheirs)
  let logTerm = -n * Math.LN2 // of C(n, 0) / 2^n
  let sum = 0
  for (let i = 0; i <= least; i++) {
    sum += Math.exp(logTerm)
    logTerm += Math.log((n - i) / (i + 1))
  }
  return Math.min(1, 2 * sum)
}
