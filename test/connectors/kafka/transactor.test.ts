/** What a commit that failed says, on a model of a broker. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silent } from '../../../connectors/kafka/logging.ts'
import { KafkaTransactor } from '../../../connectors/kafka/transactor.ts'
import { FencedError } from '../../../topology/log-port.ts'
import { EncoderClass, FakeBroker } from './fake-broker.ts'

const PRODUCE = 0
const ADD_PARTITIONS = 24
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
