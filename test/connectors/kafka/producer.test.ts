/** What a producer asks of a broker that refuses, is slow to answer or does not: on a model of one, with its own log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silent } from '../../../connectors/kafka/logging.ts'
import { LogProducer } from '../../../connectors/kafka/producer.ts'
import { inSends, UnknownPartition } from '../../../connectors/kafka/sends.ts'
import type { OutRecord } from '../../../topology/log-port.ts'
import { type Asked, DecoderClass, EncoderClass, FakeBroker, type KafkajsEncoder } from './fake-broker.ts'

const PRODUCE = 0
const ADD_PARTITIONS = 24
const END_TXN = 26
const CONCURRENT_TRANSACTIONS = 51
const NOT_COORDINATOR = 16
const NOT_LEADER = 6

interface Batch {
  readonly place: string
  readonly firstSequence: number
  readonly count: number
  readonly producerId: bigint
  readonly isTransactional: boolean
}
const batchesIn = ({ sent }: Asked): Batch[] => {
  const body = new DecoderClass(sent)
  for (const skip of [body.readInt32(), body.readInt16(), body.readInt16(), body.readInt32()]) void skip
  body.readString()
  body.readString() // transactional id
  body.readInt16()
  body.readInt32()
  return body
    .readArray(() => {
      const topic = body.readString()
      return body.readArray(() => {
        const place = `${topic}/${body.readInt32()}`
        const batch = body.readBytes() as Buffer
        return {
          place,
          firstSequence: batch.readInt32BE(53),
          count: batch.readInt32BE(57),
          producerId: batch.readBigInt64BE(43),
          isTransactional: (batch.readInt16BE(21) & 16) !== 0,
        }
      })
    })
    .flat()
}

const enlistedIn = (asked: Asked | undefined): string[] => {
  const body = new DecoderClass(asked?.sent ?? Buffer.alloc(0))
  for (const skip of [body.readInt32(), body.readInt16(), body.readInt16(), body.readInt32()]) void skip
  body.readString()
  body.readString() // transactional id
  for (const skip of [body.readInt64(), body.readInt16()]) void skip
  return body
    .readArray(() => {
      const topic = body.readString()
      return body.readArray(() => `${topic}/${body.readInt32()}`)
    })
    .flat()
}

/** Appends each batch whose sequence is next and recognises the last one when it is repeated, as a broker does. */
class ModelLog {
  readonly appended: Batch[] = []
  readonly #next = new Map<string, number>()

  take(asked: Asked, code = 0): KafkajsEncoder {
    const answers = batchesIn(asked).map(batch => {
      const expected = this.#next.get(batch.place) ?? 0
      const isRepeated = this.appended.some(
        one => one.place === batch.place && one.firstSequence === batch.firstSequence,
      )
      if (!isRepeated) {
        assert.equal(batch.firstSequence, expected, `${batch.place}: a sequence out of order`)
        this.appended.push(batch)
        this.#next.set(batch.place, expected + batch.count)
      }
      return { batch, offset: batch.firstSequence }
    })
    const body = new EncoderClass().writeArray(
      answers.map(({ batch: { place }, offset }) => {
        const [topic = '', partition] = place.split('/')
        const answer = new EncoderClass().writeInt32(Number(partition)).writeInt16(code).writeInt64(BigInt(offset))
        return new EncoderClass().writeString(topic).writeArray([answer.writeInt64(-1n).writeInt64(0n)])
      }),
    )
    return body.writeInt32(0)
  }
}
const ended = (code: number) => new EncoderClass().writeInt32(0).writeInt16(code)
const added = (code: number) =>
  new EncoderClass()
    .writeInt32(0)
    .writeArray([new EncoderClass().writeString('t').writeArray([new EncoderClass().writeInt32(0).writeInt16(code)])])
const noAnswer = () => Object.assign(new Error('Request Produce timed out'), { retriable: true })

const record = (partition: number, value = 'v', topic = 't'): OutRecord => ({
  topic,
  partition,
  key: null,
  value: Buffer.from(value),
})
const send = (...records: OutRecord[]) => inSends(records)[0] as ReadonlyMap<string, readonly OutRecord[]>
const soon = () => Date.now() + 60_000

/** @param codes - what the next requests of an API are answered with; when none is left, 0 */
async function opened(
  codes: { add?: number[]; produce?: (number | 'lost')[]; end?: number[] },
  id: string | null = 'id',
) {
  const log = new ModelLog()
  const broker = new FakeBroker(asked => {
    if (asked.apiKey === ADD_PARTITIONS) return added(codes.add?.shift() ?? 0)
    if (asked.apiKey === END_TXN) return ended(codes.end?.shift() ?? 0)
    const code = codes.produce?.shift() ?? 0
    if (code !== 'lost') return log.take(asked, code)
    log.take(asked)
    return noAnswer()
  })
  broker.topics.set('t', 3).set('u', 1)
  const options = { logger: silent, ...(id !== null && { transactionalId: id, transactionTimeoutMs: 3_000 }) }
  return { broker, log, producer: await LogProducer.open(broker.kafka, options, soon()) }
}

test('a send whose answer was lost is repeated with its sequence: nothing lost, nothing twice', async () => {
  const { producer, log } = await opened({ produce: [0, 'lost', 'lost', 0] }, null)
  await producer.send(send(record(0), record(0)), soon())
  const bases = await producer.send(send(record(0), record(1)), soon())
  assert.deepEqual(Object.fromEntries(bases), { 't/0': 2, 't/1': 0 })
  await producer.send(send(record(0)), soon())
  assert.deepEqual(
    log.appended.map(({ place, firstSequence, count }) => [place, firstSequence, count]),
    [
      ['t/0', 0, 2],
      ['t/0', 2, 1],
      ['t/1', 0, 1],
      ['t/0', 3, 1],
    ],
  )
  assert.ok(log.appended.every(({ producerId, isTransactional }) => producerId === 7n && !isTransactional))
})

test('the memory of a request that was not answered is not used again', async () => {
  const { producer, broker } = await opened({ produce: ['lost'] })
  await producer.send(send(record(0, 'the first')), soon())
  await producer.send(send(record(0, 'another')), soon())
  const [lost, , next] = broker.of(PRODUCE)
  assert.deepEqual(lost?.bytes, lost?.sent)
  assert.ok(next)
})

test('nothing is produced before its partitions are part of the transaction, each once a transaction', async () => {
  const { producer, broker } = await opened({ add: [CONCURRENT_TRANSACTIONS, CONCURRENT_TRANSACTIONS, 0] })
  const keys = () => broker.asked.map(({ apiKey }) => apiKey)
  await producer.send(send(record(0), record(0, 'v', 'u'), record(1)), soon())
  assert.deepEqual(keys(), [ADD_PARTITIONS, ADD_PARTITIONS, ADD_PARTITIONS, PRODUCE])
  await producer.send(send(record(1)), soon())
  await producer.send(send(record(2)), soon())
  await producer.commit()
  await producer.send(send(record(1)), soon())
  assert.deepEqual(keys().slice(4), [PRODUCE, ADD_PARTITIONS, PRODUCE, END_TXN, ADD_PARTITIONS, PRODUCE])
  assert.ok(broker.of(PRODUCE).every(asked => batchesIn(asked).every(({ isTransactional }) => isTransactional)))
})

test('the coordinator is looked up once, and anew when it has moved', async () => {
  const { producer, broker } = await opened({ add: [0, 0, NOT_COORDINATOR, 0] })
  for (let commit = 0; commit < 3; commit++) {
    assert.equal(broker.coordinatorLookups, 1)
    await producer.send(send(record(0)), soon())
    await producer.commit()
  }
  assert.equal(broker.coordinatorLookups, 2)
})

test('a partition whose leader has moved is asked again; what a broker refuses for good is thrown at once', async () => {
  const moved = await opened({ produce: [NOT_LEADER, 0] })
  await moved.producer.send(send(record(0)), soon())
  assert.equal(moved.broker.of(PRODUCE).length, 2)
  const fenced = await opened({ produce: [47] })
  await assert.rejects(fenced.producer.send(send(record(0)), soon()), { code: 47 })
  assert.equal(fenced.broker.of(PRODUCE).length, 1)
})

test('the end of a transaction is asked for once, whatever comes of it', async () => {
  const { producer, broker } = await opened({ end: [NOT_COORDINATOR] })
  await producer.send(send(record(0)), soon())
  await assert.rejects(producer.commit(), { code: NOT_COORDINATOR })
  assert.equal(broker.of(END_TXN).length, 1)
})

test('a transaction begun ahead has the partitions that the last two both wrote to, and its records ask for no more', async () => {
  const { producer, broker } = await opened({})
  for (const partitions of [
    [0, 1],
    [1, 2],
  ]) {
    await producer.send(send(...partitions.map(partition => record(partition))), soon())
    await producer.commit()
  }
  await producer.begin(soon())
  assert.deepEqual(enlistedIn(broker.of(ADD_PARTITIONS).at(-1)), ['t/1'])
  const asked = broker.of(ADD_PARTITIONS).length
  await producer.send(send(record(1)), soon())
  assert.equal(broker.of(ADD_PARTITIONS).length, asked)
  await producer.send(send(record(0)), soon())
  assert.deepEqual(enlistedIn(broker.of(ADD_PARTITIONS).at(-1)), ['t/0'])
})

test('a transaction begun ahead and not used is ended, and what it had is asked for again', async () => {
  const { producer, broker } = await opened({ end: [0, 0, NOT_COORDINATOR, 0] })
  for (let i = 0; i < 2; i++) {
    await producer.send(send(record(0)), soon())
    await producer.commit()
  }
  await producer.begin(soon())
  await producer.endUnused(soon())
  assert.equal(
    broker.of(END_TXN).length,
    4,
    'asked again where the coordinator was elsewhere: nothing hangs on its outcome',
  )
  await producer.endUnused(soon())
  assert.equal(broker.of(END_TXN).length, 4)
  const asked = broker.of(ADD_PARTITIONS).length
  await producer.send(send(record(0)), soon())
  assert.equal(broker.of(ADD_PARTITIONS).length, asked + 1)
})

test('what is under way when a producer is closed leaves no connection behind', async () => {
  const { producer, broker } = await opened({ add: Array(1000).fill(CONCURRENT_TRANSACTIONS) })
  const sending = producer.send(send(record(0)), soon())
  await producer.close()
  assert.equal(broker.disconnects, 1)
  await assert.rejects(sending, { code: CONCURRENT_TRANSACTIONS })
  assert(broker.disconnects > 1)
})

test('nothing is repeated after the time given', async () => {
  const { producer, broker } = await opened({ add: Array(1000).fill(CONCURRENT_TRANSACTIONS) })
  await assert.rejects(producer.send(send(record(0)), Date.now()), { code: CONCURRENT_TRANSACTIONS })
  assert.deepEqual([broker.of(ADD_PARTITIONS).length, broker.of(PRODUCE).length], [1, 0])
})

test('a partition that is not there is named before anything is written', async () => {
  const { producer, broker } = await opened({})
  await assert.rejects(producer.send(send(record(0), record(9)), soon()), error => {
    assert.ok(error instanceof UnknownPartition)
    return error.message.endsWith('t/9')
  })
  assert.deepEqual(broker.asked, [])
})
