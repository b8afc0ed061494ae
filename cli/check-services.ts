/** What `doctor` looks at elsewhere: Kafka with its settings and topics, the registry, Redis. */
import { Redis } from 'ioredis'
import { examine, type Examination } from '../connectors/kafka/examine.ts'
import { checkEviction } from '../connectors/redis/eviction.ts'
import type { Config } from '../topology/config.ts'
import { topicSettings } from '../topology/runner.ts'
import { kafkaConnection, openRegistry, topologyOf } from './assemble.ts'
import type { Finding } from './doctor.ts'

/** What one dead task may hold others for: the abort scan of the broker, ms. */
const ABORT_SCAN_MS = 1_000
/** A commit sends up to this much for one partition in one message set. */
const MESSAGE_BYTES = 1_000_000

export async function checkKafka(config: Config): Promise<Finding[]> {
  const what = 'Kafka'
  let found: Examination
  try {
    found = await examine(
      kafkaConnection(config),
      topicSettings(topologyOf(config), config.namespace, config.partitions),
    )
  } catch (error) {
    const remedy = 'start it, or correct FRESHET_KAFKA_BROKERS and the TLS and SASL options'
    return [{ what, isWell: false, says: `${config.kafkaBrokers.join(', ')}: ${messageOf(error)}`, remedy }]
  }
  const answers: Finding = {
    what,
    isWell: true,
    says: `${found.brokers} broker${found.brokers === 1 ? '' : 's'} at ${config.kafkaBrokers.join(', ')}`,
  }
  return [answers, ...settingsFindings(found.settings, config), topicsFinding(found)]
}

/** @returns one finding a setting. A setting the broker does not tell is no problem. */
export function settingsFindings(
  settings: Examination['settings'],
  config: Pick<Config, 'transactionTimeoutMs' | 'sessionTimeoutMs'>,
): Finding[] {
  const { transactionTimeoutMs, sessionTimeoutMs } = config
  const rules: [name: keyof typeof settings, isWell: (value: number) => boolean, wanted: string, why: string][] = [
    [
      'transaction.max.timeout.ms',
      value => value >= transactionTimeoutMs,
      `at least ${transactionTimeoutMs}`,
      'raise it, or lower FRESHET_TRANSACTION_TIMEOUT_MS: no task can open otherwise',
    ],
    [
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
      value => value <= ABORT_SCAN_MS,
      `at most ${ABORT_SCAN_MS}`,
      'set it in the brokers: until it has run, the open transaction of a dead task holds its readers',
    ],
    [
      'group.min.session.timeout.ms',
      value => value <= sessionTimeoutMs,
      `at most ${sessionTimeoutMs}`,
      'lower it, or raise FRESHET_SESSION_TIMEOUT_MS: no process can join otherwise',
    ],
    [
      'group.max.session.timeout.ms',
      value => value >= sessionTimeoutMs,
      `at least ${sessionTimeoutMs}`,
      'raise it, or lower FRESHET_SESSION_TIMEOUT_MS: no process can join otherwise',
    ],
    [
      'message.max.bytes',
      value => value >= MESSAGE_BYTES,
      `at least ${MESSAGE_BYTES}`,
      'raise it: commits would be refused',
    ],
  ]
  return rules.flatMap(([name, isWell, wanted, remedy]) => {
    const value = settings[name]
    if (value === undefined) return []
    const finding = { what: `Kafka ${name}`, isWell: isWell(Number(value)) }
    return [finding.isWell ? { ...finding, says: value } : { ...finding, says: `${value}, wanted ${wanted}`, remedy }]
  })
}

function topicsFinding({ missing, differences }: Examination): Finding {
  const what = 'topics'
  if (differences.length > 0)
    return {
      what,
      isWell: false,
      says: differences.join('; '),
      remedy:
        'alter the topic where Kafka allows it (kafka-configs.sh), else delete it or choose another FRESHET_NAMESPACE',
    }
  const says =
    missing.length === 0
      ? 'all there, with the right settings'
      : `${missing.length} are not there yet: a start creates them`
  return { what, isWell: true, says }
}

export async function checkRegistry(config: Config): Promise<Finding> {
  const what = 'registry'
  try {
    const registry = await openRegistry(config)
    await registry.fetch(1)
    return { what, isWell: true, says: `answers at ${config.registryUrl}` }
  } catch (error) {
    const remedy = 'start it, or correct FRESHET_REGISTRY_URL, user and password'
    return { what, isWell: false, says: `${config.registryUrl}: ${messageOf(error)}`, remedy }
  }
}

export async function checkRedis(url: string): Promise<Finding> {
  const what = 'Redis'
  const { host } = new URL(url)
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 3_000,
  })
  let reason = ''
  client.on('error', error => {
    reason = error.message // the rejection below says only that the connection is closed
  })
  try {
    await client.connect()
    const info = await client.info('memory')
    checkEviction(info)
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'unknown'
    return { what, isWell: true, says: `answers at ${host}, maxmemory-policy ${policy}` }
  } catch (error) {
    const message = messageOf(error)
    const isPolicy = message.includes('maxmemory-policy')
    return {
      what,
      isWell: false,
      says: `${host}: ${isPolicy || reason === '' ? message : reason}`,
      remedy: isPolicy ? 'redis-cli config set maxmemory-policy noeviction' : 'start it, or correct FRESHET_REDIS_URL',
    }
  } finally {
    client.disconnect()
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
