/** What a commit that failed says, on a model of a broker. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { silent } from '../../../connectors/kafka/logging.ts'
import { KafkaTransactor } from '../../../connectors/kafka/transactor.ts'
import { FencedError } from '../../../topology/log-port.ts'
import { EncoderClass, FakeBroker } from './fake-broker.ts'

const PRODUCE = 0
const ADD_PARTITIONS = 24
const END_TXN = 26
const PRODUCER_FENCED = 90

/** @returns what a commit throws whose end the broker refuses since the epoch is an old one */
async function fenced(timeoutMs: number): Promise<unknown> {
  const broker = new FakeBroker(({ apiKey }) => {
    if (apiKey === ADD_PARTITIONS) return new EncoderClass().writeInt32(0).writeArray([])
    if (apiKey === PRODUCE) return new EncoderClass().writeArray([]).writeInt32(0)
    return new EncoderClass().writeInt32(0).writeInt16(PRODUCER_FENCED)
  })
  broker.topics.set('t', 1)
  const transactor = await KafkaTransactor.open(broker.kafka, { id: 'id', timeoutMs, logger: silent })
  const record = { topic: 't', partition: 0, key: null, value: Buffer.from('v') }
  return transactor.commit([record]).then(
    () => assert.fail('the commit went in'),
    error => error,
  )
}

describe('a commit under an old epoch', () => {
  it('was fenced by another owner where the transaction was not open for too long', async () => {
    const error = await fenced(60_000)
    assert(error instanceof FencedError)
    assert.equal(error.isOverdue, false)
  })

  it('says how long it took where the broker may have ended it for that', async () => {
    const error = await fenced(0)
    assert(error instanceof FencedError)
    assert.equal(error.isOverdue, true)
    assert.match(error.message, /commit of 1 records: took \d+ ms, and the broker ends a transaction after 0 ms/)
  })
})

describe('between two commits', () => {
  const record = { topic: 't', partition: 0, key: null, value: Buffer.from('v') }
  async function opened(timeoutMs: number) {
    const broker = new FakeBroker(({ apiKey }) => {
      if (apiKey === ADD_PARTITIONS) return new EncoderClass().writeInt32(0).writeArray([])
      if (apiKey === PRODUCE) return new EncoderClass().writeArray([]).writeInt32(0)
      return new EncoderClass().writeInt32(0).writeInt16(0)
    })
    broker.topics.set('t', 1)
    return { broker, transactor: await KafkaTransactor.open(broker.kafka, { id: 'id', timeoutMs, logger: silent }) }
  }
  const apis = (broker: FakeBroker) => broker.asked.map(({ apiKey }) => apiKey)

  it('the next transaction is begun while commits follow each other', async () => {
    const { broker, transactor } = await opened(60_000)
    const commit = [ADD_PARTITIONS, PRODUCE, END_TXN]
    for (let i = 0; i < 2; i++) await transactor.commit([record])
    for (let turns = 0; turns < 100 && broker.asked.length < 7; turns++) await turn()
    assert.deepEqual(apis(broker), [...commit, ...commit, ADD_PARTITIONS])
    await transactor.commit([record])
    assert.deepEqual(apis(broker).slice(7, 9), [PRODUCE, END_TXN])
    await transactor.close()
  })

  it('one that nothing came for is ended long before the broker would end it', async context => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const { broker, transactor } = await opened(60_000)
    for (let i = 0; i < 2; i++) await transactor.commit([record])
    assert.equal(broker.of(END_TXN).length, 2)
    context.mock.timers.tick(6_000)
    for (let turns = 0; turns < 100 && broker.of(END_TXN).length < 3; turns++) await turn()
    await transactor.commit([record])
    assert.deepEqual(apis(broker).slice(6), [ADD_PARTITIONS, END_TXN, ADD_PARTITIONS, PRODUCE, END_TXN])
    await transactor.close()
  })

  it('a commit on its own leaves nothing open', async () => {
    const { broker, transactor } = await opened(60_000)
    await transactor.commit([record])
    await turn()
    assert.deepEqual(apis(broker), [ADD_PARTITIONS, PRODUCE, END_TXN])
    await transactor.close()
  })
})
