/** @param values - in any order. @param share - 0 to 1. @returns NaN for none */
export function percentile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** One figure over the rounds of a bench. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
  readonly rounds: number
}

export function spreadOf(values: readonly number[]): Spread {
  // Of an even number of rounds the mean of the middle two, so that two rounds do not show the better one.
  const low = values.length % 2 === 0 ? percentile(values, 0.5 - 1 / values.length) : percentile(values, 0.5)
  const median = (low + percentile(values, 0.5)) / 2
  return { median, least: percentile(values, 0), most: percentile(values, 1), rounds: values.length }
}

/** `12.3 (11.9 … 14.0)`; a figure of one round has no spread. */
export function shownSpread({ median, least, most, rounds }: Spread, digits = 1): string {
  const shown = (value: number) =>
    Number.isFinite(value)
      ? value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
      : '–'
  return rounds < 2 ? shown(median) : `${shown(median)} (${shown(least)} … ${shown(most)})`
}
