/** The read API with the view it answers from, and the sink that fills the view. */
import type { AddressInfo } from 'node:net'
import { ProcessView } from '../connectors/process-view.ts'
import { publisher } from '../connectors/publisher.ts'
import { Sink, type Written } from '../connectors/sink.ts'
import type { View } from '../connectors/view.ts'
import { sourceName } from '../retrieval/sources.ts'
import { buildServer } from '../server/app.ts'
import { namespaceOf } from '../schemas/topics.ts'
import type { ServerMetrics } from '../server/metrics.ts'
import { systemClock } from '../topology/clock.ts'
import { type Foundation, sinkGroup } from './assemble.ts'

/** Of the sink on Kafka, ms between two fetches that found something. */
const KAFKA_SINK_GAP_MS = 3

export interface Started {
  stop(): Promise<void>
}

/** Redis where a URL is given, else process memory. Redis may be away: the view says so and comes back by itself. */
export async function openView(parts: Foundation, onFatal: (error: Error) => void): Promise<View> {
  const { config, logger } = parts
  if (config.redisUrl === undefined) return new ProcessView({ now: Date.now })
  const { RedisView } = await import('../connectors/redis/view.ts')
  const view = new RedisView({ url: config.redisUrl, namespace: namespaceOf(config.namespace), logger })
  view.check().catch(onFatal) // a Redis that would lose keys silently
  return view
}

/** @param onWritten - told of every list and profile that can be read now */
export function startSink(
  parts: Foundation,
  view: View,
  onFatal: (error: Error) => void,
  onWritten?: (written: Written) => void,
): Promise<Sink> {
  const { config, log, wire, generations, logger } = parts
  return Sink.start({
    log,
    wire,
    view,
    namespace: config.namespace,
    group: sinkGroup(config),
    generationOf: topic => generations.get(topic) ?? 0,
    sourceName,
    clock: systemClock,
    logger,
    ...(!config.isEmbedded && { fetchGapMs: KAFKA_SINK_GAP_MS }),
    ...(onWritten && { onWritten }),
    onCrash: onFatal,
  })
}

/** Visitors whose last event is remembered, for each tier. */
const MAX_REMEMBERED = 50_000

/** The age of an event when its effect can be read. A list that is built again without a new event says nothing of it. */
export function freshnessOf(metrics: ServerMetrics, now: () => number = Date.now): (written: Written) => void {
  const known = { candidate: new Map<string, string>(), session: new Map<string, string>() }
  return ({ topic, key, asOf, appendedAtMs }) => {
    if (appendedAtMs === 0) return
    const tier = topic === 'lists.v1' ? 'candidate' : 'session'
    const last = known[tier]
    if (last.get(key) === asOf) return
    last.delete(key)
    last.set(key, asOf)
    const oldest = last.size > MAX_REMEMBERED ? last.keys().next() : undefined
    if (oldest && !oldest.done) last.delete(oldest.value)
    metrics.eventToList.observe({ tier }, Math.max(0, now() - appendedAtMs) / 1_000)
  }
}

export interface Api extends Started {
  /** Where it listens, `http://127.0.0.1:8080`. */
  readonly url: string
}

/** @param problems - what else keeps it from being ready. @throws where the port is taken */
export async function startApi(
  parts: Foundation,
  view: View,
  metrics: ServerMetrics,
  problems: () => readonly string[],
): Promise<Api> {
  const { config, log, wire, logger } = parts
  const app = buildServer({
    view,
    publish: publisher({ log, wire, namespace: config.namespace }),
    config: { interactionTypes: Object.keys(config.folds.weights), maxFutureMs: config.folds.maxFutureMs },
    metrics,
    logger,
    problems,
  })
  try {
    await app.listen({ port: config.httpPort, host: config.httpHost })
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken) throw error
    throw new Error(`port ${config.httpPort} of ${config.httpHost} is taken; set FRESHET_HTTP_PORT to another`, {
      cause: error,
    })
  }
  const { port } = app.server.address() as AddressInfo
  const host = ['0.0.0.0', '::'].includes(config.httpHost) ? '127.0.0.1' : config.httpHost
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, stop: () => app.close() }
}
