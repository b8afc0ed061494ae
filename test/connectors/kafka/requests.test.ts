/** Our requests are the bytes that kafkajs makes of the same, and answers are read as kafkajs reads them. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Request } from '../../../connectors/kafka/ask.ts'
import { fetchRequest } from '../../../connectors/kafka/fetch-request.ts'
import { FrameReader, FrameWriter } from '../../../connectors/kafka/frame.ts'
import { produceRequest } from '../../../connectors/kafka/produce-request.ts'
import { addPartitionsRequest, commitRequest } from '../../../connectors/kafka/transaction-requests.ts'
import { EncoderClass, type KafkajsEncoder } from './fake-broker.ts'

// Not through client.ts: here kafkajs's modules are as they were published.
const require = createRequire(import.meta.url)
interface Theirs {
  readonly apiKey: number
  readonly apiVersion: number
  encode(): Promise<KafkajsEncoder>
}
const inside = (path: string) => require(`kafkajs/src/protocol/${path}`)
const theirs = (name: string, version: number): ((of: object) => Theirs) =>
  inside(`requests/${name}/v${version}/request`)
const framed = inside('request') as (of: object) => Promise<KafkajsEncoder>

async function same(ours: Request<unknown>, request: Theirs): Promise<void> {
  const frame = new FrameWriter(8) // grows as it goes
  ours.write(frame.begin(ours.apiKey, ours.apiVersion, 'clïent'))
  const bytes = frame.end()
  assert.deepEqual(bytes, (await framed({ correlationId: 0, clientId: 'clïent', request })).buffer)
}

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const places = fc
  .dictionary(name, fc.uniqueArray(fc.nat(100), { minLength: 1, maxLength: 4 }), { minKeys: 1, maxKeys: 4 })
  .map(topics => Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions })))
const flat = (topics: { topic: string; partitions: number[] }[]) =>
  topics.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })))
const id = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n })
const epoch = fc.nat(32_767)

test('AddPartitionsToTxn and EndTxn', async () => {
  await fc.assert(
    fc.asyncProperty(name, id, epoch, places, async (transactionalId, producerId, producerEpoch, topics) => {
      const of = { transactionalId, producerId, producerEpoch }
      const given = { ...of, producerId: String(producerId) }
      await same(addPartitionsRequest(of, flat(topics)), theirs('addPartitionsToTxn', 1)({ ...given, topics }))
      await same(commitRequest(of), theirs('endTxn', 1)({ ...given, transactionResult: true }))
    }),
    { numRuns: 100 },
  )
})

test('Fetch', async () => {
  const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  await fc.assert(
    fc.asyncProperty(places, offset, fc.nat(500), async (topics, fetchOffset, maxWaitMs) => {
      const limits = { maxWaitMs, maxBytes: 10_485_760, maxBytesPerPartition: 1_048_576 }
      const partitionOf = (partition: number) => ({ partition, fetchOffset: String(fetchOffset), maxBytes: 1_048_576 })
      const given = {
        replicaId: -1,
        isolationLevel: 1,
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes: 10_485_760,
        topics: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(partitionOf) })),
      }
      const asked = flat(topics).map(at => ({ ...at, fetchOffset }))
      await same(fetchRequest(limits, asked), theirs('fetch', 11)(given))
    }),
    { numRuns: 100 },
  )
})

test('Produce', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
  const content = fc.option(
    fc.uint8Array({ maxLength: 50 }).map(bytes => Buffer.from(bytes)),
    { nil: null },
  )
  const headers = fc.option(
    fc.dictionary(
      name,
      fc.string().map(text => Buffer.from(text)),
      { maxKeys: 3 },
    ),
    { nil: undefined },
  )
  const messages = fc.array(fc.record({ key: content, value: content, headers }), { minLength: 1, maxLength: 20 })
  const sequence = fc.nat(2 ** 31 - 1)
  await fc.assert(
    fc.asyncProperty(
      fc.option(name, { nil: null }),
      id,
      epoch,
      places,
      messages,
      sequence,
      async (transactionalId, producerId, producerEpoch, topics, records, firstSequence) => {
        const by = {
          timestampMs: Date.now(),
          producerId,
          producerEpoch,
          isTransactional: transactionalId !== null,
        }
        const ours = flat(topics).map(at => ({
          ...at,
          firstSequence,
          records: records.map(({ key, value, headers }) => ({ ...at, key, value, ...(headers && { headers }) })),
        }))
        const partitionOf = (partition: number) => ({ partition, firstSequence, messages: records })
        const given = {
          acks: -1,
          timeout: 30_000,
          transactionalId,
          producerId: String(producerId),
          producerEpoch,
          topicData: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(partitionOf) })),
        }
        await same(produceRequest(transactionalId, by, ours), theirs('produce', 7)(given))
      },
    ),
    { numRuns: 100 },
  )
})

const read = <T>(request: Request<T>, answer: KafkajsEncoder): { value: T; throttledMs: number[] } => {
  const throttledMs: number[] = []
  const value = request.read(new FrameReader(answer.buffer), ms => throttledMs.push(ms))
  return { value, throttledMs }
}
const encoder = () => new EncoderClass()
const by = { transactionalId: 'id', producerId: 1n, producerEpoch: 0 }

test('answers of a transaction: the first error of any partition counts', () => {
  const answer = (codes: number[][]) =>
    encoder()
      .writeInt32(30)
      .writeArray(
        codes.map(partitions =>
          encoder()
            .writeString('t')
            .writeArray(partitions.map((code, partition) => encoder().writeInt32(partition).writeInt16(code))),
        ),
      )
  assert.deepEqual(read(addPartitionsRequest(by, []), answer([[0, 0], [0]])).throttledMs, [30])
  assert.throws(() => read(addPartitionsRequest(by, []), answer([[0, 0], [51]])), { type: 'CONCURRENT_TRANSACTIONS' })
  assert.throws(() => read(commitRequest(by), encoder().writeInt32(0).writeInt16(47)), { code: 47 })
  assert.throws(() => read(commitRequest(by), encoder().writeInt32(0).writeInt16(90)), /Unknown error code 90$/)
})

test('an answer to Produce tells the offset of each partition, or throws', () => {
  const partition = (code: number, offset: bigint) =>
    encoder().writeInt32(4).writeInt16(code).writeInt64(offset).writeInt64(-1n).writeInt64(0n)
  const answer = (code: number) =>
    encoder()
      .writeArray([
        encoder()
          .writeString('a')
          .writeArray([partition(0, 2n ** 40n)]),
        encoder()
          .writeString('b')
          .writeArray([partition(code, 0n)]),
      ])
      .writeInt32(20)
  const request = produceRequest(null, { timestampMs: 0, producerId: 1n, producerEpoch: 0, isTransactional: false }, [])
  const { value, throttledMs } = read(request, answer(0))
  assert.deepEqual(
    value.map(({ topic, partition, baseOffset }) => [topic, partition, baseOffset]),
    [
      ['a', 4, 2 ** 40],
      ['b', 4, 0],
    ],
  )
  assert.deepEqual(throttledMs, [20])
  assert.throws(() => read(request, answer(10)), { type: 'MESSAGE_TOO_LARGE', retriable: false })
  assert.throws(() => read(request, answer(6)), { type: 'NOT_LEADER_FOR_PARTITION', retriable: true })
})

test('an answer to Fetch is read as kafkajs reads it; a position outside of the log goes to its recovery', async () => {
  const request = fetchRequest({ maxWaitMs: 1, maxBytes: 1, maxBytesPerPartition: 1 }, [
    { topic: 't', partition: 2, fetchOffset: 5 },
  ])
  const records = Buffer.from('records')
  const answer = (topCode: number, code: number) =>
    encoder()
      .writeInt32(10)
      .writeInt16(topCode)
      .writeInt32(0)
      .writeArray([
        encoder()
          .writeString('t')
          .writeArray([
            encoder()
              .writeInt32(2)
              .writeInt16(code)
              .writeInt64(2n ** 50n)
              .writeInt64(90n)
              .writeInt64(1n)
              .writeArray([encoder().writeInt64(12n).writeInt64(80n)])
              .writeInt32(-1)
              .writeBytes(records),
          ]),
      ])
  assert.deepEqual(read(request, answer(0, 0)), {
    value: [
      {
        topic: 't',
        partition: 2,
        fetchOffset: 5,
        highWatermark: 2 ** 50,
        lastStableOffset: 90,
        aborted: [{ producerId: '12', firstOffset: 80 }],
        records,
      },
    ],
    throttledMs: [10],
  })
  const outOfRange = { name: 'KafkaJSOffsetOutOfRange', topic: 't', partition: 2 }
  assert.throws(() => read(request, answer(0, 1)), outOfRange)
  assert.throws(() => read(request, answer(0, 6)), { type: 'NOT_LEADER_FOR_PARTITION' })
  assert.throws(() => read(request, answer(70, 0)), { code: 70 })
  const { parse } = inside('requests/fetch/v1/response') as { parse(data: object): Promise<unknown> }
  const theirData = { responses: [{ topicName: 't', partitions: [{ partition: 2, errorCode: 1 }] }] }
  await assert.rejects(parse(theirData), outOfRange)
})
