import { randomOf } from './random.ts'
import type { UnitSums } from './units.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Percentile bootstrap of a mean over queries, drawing units with replacement (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapters 8 and 13). For a difference of two methods give the sums of the differences.
 *
 * @param draws - ≥ 1; default 1,000
 * @param level - 0..1; default 0.95
 * @returns NaN on both sides where there are no queries
 */
export function bootstrap(units: UnitSums, seed: number, draws = 1_000, level = 0.95): Interval {
  const { sums, counts } = units
  const size = sums.length
  if (size === 0) return { low: Number.NaN, high: Number.NaN }
  const random = randomOf(seed)
  const means = new Float64Array(draws)
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    let count = 0
    for (let i = 0; i < size; i++) {
      const unit = Math.floor(random() * size)
      sum += sums[unit] as number
      count += counts[unit] as number
    }
    means[draw] = sum / count
  }
  means.sort()
  return { low: quantile(means, (1 - level) / 2), high: quantile(means, (1 + level) / 2) }
}

/**
 * Linear between neighbours, type 7 of Hyndman and Fan (1996), which NumPy and R take by default.
 * @param sorted - ascending, not empty
 * @param share - 0..1
 */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const left = sorted[below] as number
  const right = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return left + (right - left) * (at - below)
}
