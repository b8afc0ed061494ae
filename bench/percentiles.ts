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
  const median = percentile(values, 0.5)
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
