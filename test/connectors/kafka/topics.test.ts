import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Admin } from 'kafkajs'
import { ensureTopics } from '../../../connectors/kafka/topics.ts'

const settings = { name: 't', partitions: 2, cleanup: 'delete', retentionMs: -1, appendTime: true } as const
const configs = { 'cleanup.policy': 'delete', 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '-1' }

/** @param errors - of the attempts to create, the first first; then it works */
function adminOf(errors: string[]): Admin {
  const configEntries = Object.entries(configs).map(([configName, configValue]) => ({ configName, configValue }))
  const admin: Partial<Admin> = {
    listTopics: async () => [],
    describeCluster: async () => ({ brokers: [{ nodeId: 1, host: 'h', port: 1 }], controller: 1, clusterId: 'c' }),
    createTopics: async () => {
      const type = errors.shift()
      if (type === undefined) return true
      if (type === 'KafkaJSRequestTimeoutError') throw Object.assign(new Error('Request timed out'), { name: type })
      throw Object.assign(new Error('Topic creation errors'), { errors: [{ type }] })
    },
    fetchTopicMetadata: async () => ({ topics: [{ name: 't', partitions: [{}, {}] }] }) as never,
    describeConfigs: async () => ({ resources: [{ resourceName: 't', configEntries }] }) as never,
  }
  return admin as Admin
}

it('topics are created once the broker counts again', async () => {
  assert.deepEqual(
    await ensureTopics(adminOf(['INVALID_REPLICATION_FACTOR', 'INVALID_REPLICATION_FACTOR']), [settings]),
    ['t'],
  )
})

it('a broker that does not answer in time may be asked again', async () => {
  await assert.rejects(ensureTopics(adminOf(['KafkaJSRequestTimeoutError']), [settings]), { code: 'KAFKA_UNAVAILABLE' })
})

it('what the broker refuses for good is not asked again', async () => {
  await assert.rejects(ensureTopics(adminOf(['POLICY_VIOLATION']), [settings]), /Topic creation errors/)
})
