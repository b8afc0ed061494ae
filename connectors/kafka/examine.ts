/** Looks at a cluster without changing it: its version-free facts, the broker settings that Freshet leans on, its topics. */
import type { KafkaConfig } from 'kafkajs'
import type { TopicSettings } from '../../topology/log-port.ts'
import { kafkajs } from './client.ts'
import { differencesOf } from './topics.ts'

/** Broker settings that `doctor` judges. */
export const EXAMINED = [
  'transaction.max.timeout.ms',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms',
  'group.min.session.timeout.ms',
  'group.max.session.timeout.ms',
  'message.max.bytes',
] as const

export interface Examination {
  readonly brokers: number
  /** Of the broker that answered; a setting it does not tell is absent. */
  readonly settings: Readonly<Partial<Record<(typeof EXAMINED)[number], string>>>
  /** Of the wanted topics. */
  readonly missing: readonly string[]
  readonly differences: readonly string[]
}

/** @throws where no broker answers within a few seconds, or it refuses */
export async function examine(
  connection: Pick<KafkaConfig, 'clientId' | 'ssl' | 'sasl'> & { readonly brokers: readonly string[] },
  wanted: readonly TopicSettings[],
): Promise<Examination> {
  const kafka = new kafkajs.Kafka({
    ...connection,
    brokers: [...connection.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 5_000,
    retry: { retries: 1, initialRetryTime: 100 },
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    const [first] = brokers
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.BROKER, name: String(first?.nodeId ?? 0), configNames: [...EXAMINED] },
      ],
    })
    const settings = Object.fromEntries(
      (resources[0]?.configEntries ?? []).map(({ configName, configValue }) => [configName, configValue]),
    )
    const standing = new Set(await admin.listTopics())
    const there = wanted.filter(({ name }) => standing.has(name))
    return {
      brokers: brokers.length,
      settings,
      missing: wanted.filter(({ name }) => !standing.has(name)).map(({ name }) => name),
      differences: there.length > 0 ? await differencesOf(admin, there) : [],
    }
  } finally {
    await admin.disconnect()
  }
}
