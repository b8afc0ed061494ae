import type { OutRecord } from '../../../topology/log-port.ts'
import { kafkajs } from '../../../connectors/kafka/client.ts'
import { logPortSuite } from '../../conformance/log-port.ts'
import { brokers, explicitPartitions, open } from './opened.ts'

/** A transaction whose writer is gone before its end, but for the sockets. */
async function leaveOpen(id: string, records: readonly OutRecord[]): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: brokers(), clientId: 'test', logLevel: kafkajs.logLevel.NOTHING })
  const producer = kafka.producer({
    transactionalId: id,
    transactionTimeout: 60_000,
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: explicitPartitions,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  for (const { topic, partition, key, value } of records) {
    await transaction.send({ topic, messages: [{ partition, key, value }] })
  }
  await producer.disconnect()
}

logPortSuite('KafkaLog', async () => {
  const log = await open()
  return { log, cleanup: () => log.close(), capabilities: { leaveOpen } }
})
