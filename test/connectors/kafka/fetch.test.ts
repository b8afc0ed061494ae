import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetch, type FetchingGroup } from '../../../connectors/kafka/fetch.ts'
import { FrameWriter } from '../../../connectors/kafka/frame.ts'
import { writeRecordBatch } from '../../../connectors/kafka/record-batch.ts'
import { EncoderClass, FakeBroker } from './fake-broker.ts'

function oneRecord(): Buffer {
  const frame = new FrameWriter()
  const by = { timestampMs: 1, producerId: 1n, producerEpoch: 0, firstSequence: 0, isTransactional: false }
  writeRecordBatch(frame, [{ topic: 't', partition: 0, key: null, value: Buffer.from('v') }], by)
  return frame.bytes.subarray(0, frame.at)
}

/** A member of a group with two partitions; `holds` says what the next fetch brings of each, `errorCode` what it fails with. */
class Member {
  readonly paused = new Set<number>()
  readonly sought = new Set<number>()
  readonly recovered: unknown[] = []
  holds = new Map<number, Buffer>()
  errorCode = 0
  staleChecks = 0
  readonly broker = new FakeBroker(({ body }) => {
    body.readInt32()
    this.waits.push(body.readInt32())
    for (const skip of [body.readInt32(), body.readInt32(), body.readInt8(), body.readInt32(), body.readInt32()])
      void skip
    const asked = body.readArray(() => {
      body.readString()
      return body.readArray(() => {
        const partition = body.readInt32()
        for (const skip of [body.readInt32(), body.readInt64(), body.readInt64(), body.readInt32()]) void skip
        return partition
      })
    })
    this.asked.push(asked.flat())
    const partitions = asked.flat().map(partition =>
      new EncoderClass()
        .writeInt32(partition)
        .writeInt16(this.errorCode)
        .writeInt64(10n)
        .writeInt64(10n)
        .writeInt64(0n)
        .writeArray([])
        .writeInt32(-1)
        .writeBytes(this.holds.get(partition) ?? null),
    )
    const topics = [new EncoderClass().writeString('t').writeArray(partitions)]
    return new EncoderClass().writeInt32(0).writeInt16(0).writeInt32(0).writeArray(topics)
  })
  /** Of each fetch. */
  readonly waits: number[] = []
  readonly asked: number[][] = []
  readonly group: FetchingGroup = {
    cluster: this.broker,
    maxBytes: 1,
    maxBytesPerPartition: 1,
    subscriptionState: {
      assigned: () => [{ topic: 't', partitions: [0, 1] }],
      isPaused: (_, partition) => this.paused.has(partition),
    },
    offsetManager: {
      committedOffsets: () => ({ t: { 0: '-1', 1: '-1' } }),
      nextOffset: () => 0n,
    },
    seekOffset: { has: (_, partition) => this.sought.has(partition) },
    checkForStaleAssignment: () => {
      this.staleChecks++
    },
    filterPartitionsByNode: (_, assigned) => [...assigned],
    seekOffsets: async () => {},
    recoverFromFetch: async error => void this.recovered.push(error),
  }

  async fetch(): Promise<number[]> {
    return (await fetch.call(this.group, '1')).map(({ partition }) => partition)
  }
}

test('partitions that brought nothing, were paused or sought meanwhile are left out', async () => {
  const member = new Member()
  member.holds = new Map([0, 1].map(partition => [partition, oneRecord()]))
  assert.deepEqual((await member.fetch()).toSorted(), [0, 1])
  member.holds.delete(0)
  assert.deepEqual(await member.fetch(), [1])
  const fetching = member.fetch()
  member.sought.add(1)
  assert.deepEqual(await fetching, [])
})

test('each partition stands first in its turn', async () => {
  const member = new Member()
  for (let index = 0; index < 3; index++) await member.fetch()
  assert.deepEqual(member.asked, [
    [0, 1],
    [1, 0],
    [0, 1],
  ])
})

test('a paused partition is not asked for; where all are, the broker is not asked at all', async () => {
  const member = new Member()
  member.paused.add(0)
  await member.fetch()
  assert.deepEqual(member.asked, [[1]])
  member.paused.add(1)
  assert.deepEqual(await member.fetch(), [])
  assert.equal(member.asked.length, 1)
})

test('who has nothing to read asks less often, until something comes or is resumed', async () => {
  const member = new Member()
  member.paused.add(0)
  for (let index = 0; index < 21; index++) await member.fetch()
  assert.deepEqual(new Set(member.waits.slice(0, 20)), new Set([100]))
  assert.equal(member.waits[20], 500)
  member.holds.set(1, oneRecord())
  await member.fetch()
  member.holds.clear()
  await member.fetch()
  assert.deepEqual(member.waits.slice(-2), [500, 100])
  for (let index = 0; index < 20; index++) await member.fetch()
  assert.equal(member.waits.at(-1), 500)
  member.paused.clear()
  await member.fetch()
  assert.equal(member.waits.at(-1), 100)
})

test('an error goes to the recovery of kafkajs', async () => {
  const member = new Member()
  member.errorCode = 1
  assert.deepEqual(await member.fetch(), [])
  const [error] = member.recovered as { name: string; topic: string; partition: number }[]
  assert.deepEqual([error?.name, error?.topic, error?.partition], ['KafkaJSOffsetOutOfRange', 't', 0])
})

test('the assignment is compared with the topics once for each metadata', async () => {
  const member = new Member()
  await member.fetch()
  await member.fetch()
  assert.equal(member.staleChecks, 1)
  member.broker.brokerPool.metadata = {}
  await member.fetch()
  assert.equal(member.staleChecks, 2)
})
