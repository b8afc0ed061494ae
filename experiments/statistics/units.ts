/**
 * Figures of single queries, summed by the unit that is drawn: a user or a session. Queries of one user are not independent,
 * so intervals and tests draw whole units.
 */
export interface UnitSums {
  /** Sum of the figure by unit. */
  readonly sums: Float64Array
  /** Queries by unit, each ≥ 1. */
  readonly counts: Float64Array
}

/**
 * @param values - one a query
 * @param unitOf - the unit of each query, any numbers
 * @param isIn - which queries count; default all
 */
export function sumsByUnit(
  values: ArrayLike<number>,
  unitOf: ArrayLike<number>,
  isIn: (query: number) => boolean = () => true,
): UnitSums {
  const places = new Map<number, number>()
  const sums: number[] = []
  const counts: number[] = []
  for (let query = 0; query < values.length; query++) {
    if (!isIn(query)) continue
    const unit = unitOf[query] as number
    let at = places.get(unit)
    if (at === undefined) {
      at = sums.length
      places.set(unit, at)
      sums.push(0)
      counts.push(0)
    }
    sums[at] = (sums[at] as number) + (values[query] as number)
    counts[at] = (counts[at] as number) + 1
  }
  return { sums: Float64Array.from(sums), counts: Float64Array.from(counts) }
}

/** @returns the mean over queries, NaN where there are none */
export function meanOf({ sums, counts }: UnitSums): number {
  let sum = 0
  let count = 0
  for (let unit = 0; unit < sums.length; unit++) {
    sum += sums[unit] as number
    count += counts[unit] as number
  }
  return sum / count
}
