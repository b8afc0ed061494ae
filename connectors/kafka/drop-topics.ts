/** Takes away topics that nobody needs any more. */
import type { KafkaConfig } from 'kafkajs'
import { kafkajs } from './client.ts'

export interface Drop {
  readonly topics: readonly string[]
  /** Groups that read them; where one has a member nothing is deleted. */
  readonly groups: readonly string[]
}

/** @returns the groups that still have members, or what was deleted. @throws where no broker answers, or it refuses */
export async function dropTopics(
  connection: Pick<KafkaConfig, 'clientId' | 'ssl' | 'sasl'> & { readonly brokers: readonly string[] },
  { topics, groups }: Drop,
): Promise<{ readonly busy: readonly string[] } | { readonly deleted: readonly string[] }> {
  const brokers = [...connection.brokers]
  const admin = new kafkajs.Kafka({ ...connection, brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
  try {
    await admin.connect()
    const known = new Set((await admin.listGroups()).groups.map(({ groupId }) => groupId))
    const ours = groups.filter(group => known.has(group))
    const described = ours.length > 0 ? (await admin.describeGroups(ours)).groups : []
    const busy = described.filter(({ members }) => members.length > 0).map(({ groupId }) => groupId)
    if (busy.length > 0) return { busy }
    const standing = new Set(await admin.listTopics())
    const deleted = topics.filter(topic => standing.has(topic))
    if (deleted.length > 0) await admin.deleteTopics({ topics: [...deleted] })
    if (ours.length > 0) await admin.deleteGroups(ours)
    return { deleted }
  } finally {
    await admin.disconnect()
  }
}
