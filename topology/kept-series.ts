/**
 * Counters and histograms for what happens thousands of times a second. prom-client looks the labels up at every call, which
 * costs more than adding; here whoever measures keeps its series, and the registry is told when it asks.
 */
import { Counter, type Histogram, type Registry } from 'prom-client'

interface Described<L extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly L[]
  readonly registry: Registry
}
type Labels<L extends string> = Readonly<Record<L, string>>

const idOf = <L extends string>(names: readonly L[], labels: Labels<L>): string =>
  JSON.stringify(names.map(name => labels[name]))

export interface CounterSeries {
  inc(by?: number): void
}

export class KeptCounter<L extends string> {
  readonly #labelNames: readonly L[]
  readonly #series = new Map<string, CounterSeries & { readonly flush: (counter: Counter<L>) => void }>()

  constructor({ name, help, labelNames, registry }: Described<L>) {
    this.#labelNames = labelNames
    const series = this.#series
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const one of series.values()) one.flush(this)
      },
    })
  }

  /** @returns the one series of the labels; to be kept by the caller */
  of(labels: Labels<L>): CounterSeries {
    const id = idOf(this.#labelNames, labels)
    const known = this.#series.get(id)
    if (known) return known
    let waiting = 0
    const series = {
      inc(by = 1) {
        waiting += by
      },
      flush(counter: Counter<L>) {
        if (waiting > 0) counter.inc(labels, waiting)
        waiting = 0
      },
    }
    this.#series.set(id, series)
    return series
  }
}

export class HistogramSeries {
  readonly #bounds: readonly number[]
  /** How many values fell into each bucket alone; the last one has no bound. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
  }
}

export class KeptHistogram<L extends string> {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly labelNames: readonly L[]
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, { labels: Labels<L>; series: HistogramSeries }>()

  /** @param buckets - upper bounds, included, ascending */
  constructor({ name, help, labelNames, registry, buckets }: Described<L> & { readonly buckets: readonly number[] }) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#bounds = buckets
    // A registry asks a metric for its name and `get` only, whatever its type says.
    registry.registerMetric(this as unknown as Histogram<L>)
  }

  /** @returns the one series of the labels; to be kept by the caller */
  of(labels: Labels<L>): HistogramSeries {
    const id = idOf(this.labelNames, labels)
    const known = this.#series.get(id)
    if (known) return known.series
    const series = new HistogramSeries(this.#bounds)
    this.#series.set(id, { labels, series })
    return series
  }

  /** As prom-client's metrics answer a registry. */
  get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: object[] }> {
    const { name, help, type, aggregator } = this
    const values = Array.from(this.#series.values(), one => this.#shown(one.labels, one.series)).flat()
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  reset(): void {
    this.#series.clear()
  }

  #shown(labels: Labels<L>, { counts, sum }: HistogramSeries): object[] {
    let count = 0
    const shown: object[] = Array.from(counts, (own, at) => {
      count += own
      const le = this.#bounds[at] ?? '+Inf'
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count }
    })
    shown.push({ metricName: `${this.name}_sum`, labels, value: sum })
    shown.push({ metricName: `${this.name}_count`, labels, value: count })
    return shown
  }
}
