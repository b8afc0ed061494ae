/** What a consumer does when kafkajs gives up, on a client that is told what to do. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Admin, Consumer, Kafka } from 'kafkajs'
import { pino } from 'pino'
import { KafkaConsumer } from '../../../connectors/kafka/consumer.ts'

type Listener = (event: { payload: { error: Error; restart: boolean } }) => void

/** @param refusals - how many of the clients after the first find no broker */
function clients(refusals = 0) {
  const listeners: Listener[] = []
  const running: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()]
  let connects = 0
  let runs = 0
  const newConsumer = () =>
    ({
      on: (event: string, listener: Listener) => event === 'consumer.crash' && listeners.push(listener),
      async connect() {
        connects++
        if (connects > 1 && connects <= 1 + refusals) throw named('KafkaJSConnectionError')
      },
      subscribe: async () => undefined,
      run: async () => running[runs++]?.resolve(),
      disconnect: async () => undefined,
    }) as unknown as Consumer
  return {
    newClient: () => ({ consumer: newConsumer }) as unknown as Kafka,
    running: (run: number) => (running[run] as PromiseWithResolvers<void>).promise,
    crash: (error: Error) => listeners.at(-1)?.({ payload: { error, restart: false } }),
    connects: () => connects,
  }
}

const named = (name: string) => Object.assign(new Error('from kafkajs'), { name })

async function opened(newClient: () => Kafka, onCrash: (error: Error) => void): Promise<KafkaConsumer> {
  const setup = {
    newClient,
    admin: {} as Admin,
    groupId: 'g',
    partitionCount: 1,
    sessionTimeoutMs: 6_000,
    logger: pino({ level: 'silent' }),
  }
  const nothing = { onAssign: () => undefined, onBatch: async () => undefined }
  return KafkaConsumer.open(setup, { group: 'g', topics: ['t'], assignment: 'copartition', ...nothing, onCrash })
}

describe('a consumer that kafkajs has given up', () => {
  for (const error of [named('KafkaJSGroupCoordinatorNotFound'), new Error('Broker not connected')])
    it(`joins again after ${error.name}: ${error.message}`, async () => {
      const { newClient, running, crash } = clients()
      const consumer = await opened(newClient, assert.fail)
      await running(0)
      crash(error)
      await running(1)
      await consumer.stop()
    })

  it('goes on asking while no broker answers', async () => {
    const { newClient, running, crash, connects } = clients(2)
    const consumer = await opened(newClient, assert.fail)
    await running(0)
    crash(named('KafkaJSConnectionClosedError'))
    await running(1)
    assert.equal(connects(), 4)
    await consumer.stop()
  })

  it('ends with what would not pass by itself', async () => {
    const { newClient, running, crash } = clients()
    const crashed = Promise.withResolvers<Error>()
    await opened(newClient, crashed.resolve)
    await running(0)
    crash(named('KafkaJSTopicMetadataNotLoaded'))
    assert.equal((await crashed.promise).name, 'KafkaJSTopicMetadataNotLoaded')
  })
})
