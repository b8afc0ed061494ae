/** Consumers with a group get another one, CHAOS_GROUP: this process owns every partition, whoever else does. */
import { kafkajs } from '../../../connectors/kafka/client.ts'

const { CHAOS_GROUP = '' } = process.env
const { prototype } = kafkajs.Kafka
const { consumer } = prototype
prototype.consumer = function consumerOfOtherGroup(options) {
  return consumer.call(this, options && { ...options, groupId: `${options.groupId}.${CHAOS_GROUP}` })
}
