/** What the read API measures: name, help and unit together. Shares the registry of the process. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10]

export class ServerMetrics {
  readonly registry: Registry
  readonly eventToList: Histogram<'tier'>
  readonly requests: Histogram<'route' | 'status'>
  readonly answers: Counter<'rung'>
  readonly degraded: Counter<'reason'>
  readonly eventsAccepted: Counter
  readonly eventsRefused: Counter<'code'>
  readonly mirrorItems: Gauge

  constructor(registry = new Registry()) {
    this.registry = registry
    const registers = [registry]
    this.eventToList = new Histogram({
      name: 'freshet_event_to_list_seconds',
      help: 'Append of an event to its effect being readable: tier candidate (the list) or session',
      labelNames: ['tier'],
      buckets: SECONDS,
      registers,
    })
    this.requests = new Histogram({
      name: 'freshet_http_request_seconds',
      help: 'Time to answer, by route and status',
      labelNames: ['route', 'status'],
      buckets: SECONDS,
      registers,
    })
    this.answers = new Counter({
      name: 'freshet_answers_total',
      help: 'Recommendations answered, by the first rung of the ladder that had something',
      labelNames: ['rung'],
      registers,
    })
    this.degraded = new Counter({
      name: 'freshet_degraded_answers_total',
      help: 'Recommendations answered with less than the best, by reason',
      labelNames: ['reason'],
      registers,
    })
    this.eventsAccepted = new Counter({
      name: 'freshet_http_events_accepted_total',
      help: 'Events acknowledged by the log',
      registers,
    })
    this.eventsRefused = new Counter({
      name: 'freshet_http_events_refused_total',
      help: 'Events refused before the log, by code of docs/errors.md',
      labelNames: ['code'],
      registers,
    })
    this.mirrorItems = new Gauge({
      name: 'freshet_mirror_items',
      help: 'Items whose facts the server holds in memory',
      registers,
    })
  }
}
