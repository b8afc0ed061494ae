/** The one place that puts the parts together: which log, registry and view a configuration means, and how they start. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Registry as MetricRegistry } from 'prom-client'
import { FreshetError } from '../schemas/errors.ts'
import { scopeOf } from '../schemas/topics.ts'
import { type Registry, Wire } from '../schemas/wire.ts'
import { systemClock } from '../topology/clock.ts'
import type { Config } from '../topology/config.ts'
import { type Live, readLive } from '../topology/generations.ts'
import { type Topology, topicsOf } from '../topology/graph.ts'
import type { LogPort } from '../topology/log-port.ts'
import { RuntimeMetrics } from '../topology/metrics.ts'
import { recommender } from '../topology/recommender.ts'
import { appOf, prepareTopics, type Running, type RunTiming, run } from '../topology/runner.ts'
import { persist } from './persist.ts'

export interface Foundation {
  /** Its namespace is that of the generation, see `scopeOf`. */
  readonly config: Config
  readonly logger: Logger
  readonly topology: Topology
  readonly log: LogPort
  readonly wire: Wire
  /** Topic with namespace → incarnation, for versions in the view. */
  readonly generations: ReadonlyMap<string, number>
  readonly metrics: RuntimeMetrics
  close(): Promise<void>
}

/** Logs go to stderr, so that stdout is what a verb answers. */
export const makeLogger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))

/** The graph as the configuration has it. */
export const topologyOf = (config: Config): Topology =>
  recommender(config.folds, {
    weights: config.folds.weights,
    stored: config.listCandidates,
    candidates: Math.max(500, config.listCandidates),
    intervalMs: config.listIntervalMs,
    maxAgeMs: config.listMaxAgeMs,
  })

/**
 * Opens log and registry and creates what topics are missing; a reader creates nothing, registers no schema and reads an
 * embedded log that another process holds.
 * @param patience - 'wait' goes on until log and registry are there; the generation is the live one by default
 */
export async function openFoundation(
  given: Config,
  logger: Logger,
  patience: {
    readonly mode: 'wait' | 'once'
    readonly signal?: AbortSignal
    readonly isReader?: boolean
    readonly generation?: number
  },
): Promise<Foundation> {
  const topology = topologyOf(given)
  const again = <T>(what: string, work: () => Promise<T>) =>
    patience.mode === 'once' ? work() : persist(what, work, logger, patience.signal)
  const isReader = patience.isReader ?? false
  if (isReader && given.isEmbedded && !existsSync(join(given.dataDir, 'log')))
    throw new FreshetError(
      'INVALID_CONFIG',
      `${given.dataDir} holds no log; wanted the data directory of an earlier start`,
    )
  const log = await again('the log', () => openLog(given, logger, isReader))
  try {
    const live: Live = given.isEmbedded
      ? { generation: 1 }
      : await again('the generation', () => readLive(log, given.namespace))
    const generation = patience.generation ?? live.generation
    const namespace = scopeOf(given.namespace, generation)
    const config = { ...given, namespace }
    const { partitions } = config
    const prepare = () => prepareTopics({ topology, namespace, partitions, log, known: live.known, clock: systemClock })
    const generations = isReader ? new Map<string, number>() : await again('the topics', prepare)
    const wire = await again('the registry', async () =>
      Wire.open(await openRegistry(config, isReader), namespace, isReader ? [] : topicsOf(topology)),
    )
    const metrics = new RuntimeMetrics(new MetricRegistry())
    return { config, logger, topology, log, wire, generations, metrics, close: () => log.close() }
  } catch (error) {
    await log.close()
    throw error
  }
}

/**
 * Kafka and LMDB are loaded only where they are used.
 * @param isReader - of the embedded log: as it is at this moment, whoever holds it
 */
export async function openLog(config: Config, logger: Logger, isReader = false): Promise<LogPort> {
  if (config.isEmbedded) {
    const { EmbeddedLog } = await import('../connectors/embedded/log.ts')
    return EmbeddedLog.open({ directory: join(config.dataDir, 'log'), durable: config.durable, isReader })
  }
  const { KafkaLog } = await import('../connectors/kafka/log.ts')
  const { transactionTimeoutMs, sessionTimeoutMs } = config
  return KafkaLog.open({ ...kafkaConnection(config), transactionTimeoutMs, sessionTimeoutMs, logger })
}

/** What a client of the brokers needs, certificates read. */
export function kafkaConnection(config: Config) {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username = '', kafkaSaslPassword: password = '' } = config
  const pem = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'))
  const [ca, cert, key] = [config.kafkaTlsCa, config.kafkaTlsCert, config.kafkaTlsKey].map(pem)
  return {
    brokers: config.kafkaBrokers,
    clientId: config.kafkaClientId,
    ...(config.kafkaTls && { ssl: { ...(ca && { ca: [ca] }), ...(cert && key && { cert, key }) } }),
    ...(mechanism !== undefined && { sasl: saslOf(mechanism, username, password) }),
  }
}

function saslOf(mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', username: string, password: string) {
  if (mechanism === 'plain') return { mechanism, username, password } as const
  if (mechanism === 'scram-sha-256') return { mechanism, username, password } as const
  return { mechanism, username, password } as const
}

export async function openRegistry(config: Config, isReader = false): Promise<Registry> {
  if (config.isEmbedded) {
    const { FolderRegistry } = await import('../connectors/embedded/registry.ts')
    return FolderRegistry.open(join(config.dataDir, 'schemas'), isReader)
  }
  const { ConfluentRegistry } = await import('../connectors/kafka/registry.ts')
  const url = new URL(config.registryUrl ?? '')
  if (config.registryUsername !== undefined) {
    url.username = encodeURIComponent(config.registryUsername)
    url.password = encodeURIComponent(config.registryPassword ?? '')
  }
  return new ConfluentRegistry(url.href)
}

/** Pauses of the fetching of item stage and V stages on Kafka, where each fetch costs both sides; see notes on the chain. */
const KAFKA_GAPS = { user: 0, item: 20, view: 3 }
const NO_GAPS = { user: 0, item: 0, view: 0 }

const timingOf = (config: Config): RunTiming => ({
  user: { gapMs: config.commitGapMs, maxMs: config.commitMaxMs, maxBytes: config.commitMaxBytes },
  item: {
    gapMs: config.itemCommitMs,
    maxMs: Math.max(config.itemCommitMs, config.commitMaxMs),
    maxBytes: config.commitMaxBytes,
  },
  sessionTimeoutMs: config.sessionTimeoutMs,
  fetchGapMs: config.isEmbedded ? NO_GAPS : KAFKA_GAPS,
})

/** @param only - names of stages and views; default all */
export function startStages(
  parts: Foundation,
  onFatal: (error: Error) => void,
  only?: readonly string[],
): Promise<Running> {
  const { config, topology, log, wire, metrics, logger } = parts
  return run({
    topology,
    ...(only !== undefined && { only }),
    namespace: config.namespace,
    partitions: config.partitions,
    log,
    wire,
    timing: timingOf(config),
    clock: systemClock,
    metrics,
    logger,
    onFatal,
  })
}

/** A view in process memory is filled by this process alone: it needs every partition, so a group of its own. */
export const sinkGroup = (config: Config): string =>
  config.redisUrl !== undefined || config.isEmbedded
    ? `${appOf(config.namespace)}.sink`
    : `${appOf(config.namespace)}.sink.${hostname()}.${process.pid}`
