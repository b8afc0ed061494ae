/** The rows of the table of metrics in docs/operations.md. */
import { Registry } from 'prom-client'
import { ServerMetrics } from '../../server/metrics.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'

/** Cells of each row: name, kind, labels, meaning. */
export async function metricRows(): Promise<string[][]> {
  const registry = new Registry()
  new RuntimeMetrics(registry)
  new ServerMetrics(registry)
  const metrics = registry.getMetricsAsArray() as unknown as readonly Metric[]
  return metrics.map(metric => [`\`${metric.name}\``, metric.type, metric.labelNames.join(', '), metric.help])
}

/** What prom-client keeps of a metric and does not declare. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labelNames: readonly string[]
}
