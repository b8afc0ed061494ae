import type { ProducerBatch, RecordMetadata } from 'kafkajs'
import type { OutRecord } from '../../topology/log-port.ts'

/** Below the broker's default of 1 MB for a record batch, with room for what its format adds. */
const MAX_PARTITION_BYTES = 800_000
const RECORD_OVERHEAD_BYTES = 24 // lengths, deltas and attributes, generously

export type SendBatch = (batch: ProducerBatch) => Promise<RecordMetadata[]>

/** What one send holds: `topic/partition` → its records. */
type Send = Map<string, OutRecord[]>

/**
 * Splits records so that no partition gets more than 800 kB in a send; a record larger than that goes in a send of its own.
 * @returns sends whose records, one send after the other, are those given, in order within each partition
 */
export function inSends(records: readonly OutRecord[]): Send[] {
  const sends: Send[] = []
  // Each partition fills the sends from the first on at its own pace.
  const filling = new Map<string, { send: number; bytes: number }>()
  for (const record of records) {
    const place = `${record.topic}/${record.partition}`
    const bytes = sizeOf(record)
    const at = filling.get(place) ?? { send: 0, bytes: 0 }
    if (at.bytes > 0 && at.bytes + bytes > MAX_PARTITION_BYTES) {
      at.send++
      at.bytes = 0
    }
    at.bytes += bytes
    filling.set(place, at)
    let send = sends[at.send]
    if (!send) {
      send = new Map()
      sends[at.send] = send
    }
    const group = send.get(place)
    if (group) group.push(record)
    else send.set(place, [record])
  }
  return sends
}

/** `count` records of one partition that lie one after the other from `base` on. */
interface Run {
  readonly base: number
  readonly count: number
}
/** `topic/partition` → where its records lie, in the order given. */
export type Appended = ReadonlyMap<string, readonly Run[]>

/**
 * Sends all records, one send in flight at a time: kafkajs takes sequence numbers back on an error, so that two at once can
 * lose one and write the other twice.
 * @param isAllowed - asked before each send, so that a writer given up in the meantime stops
 * @throws where a partition has not answered: kafkajs leaves out the records of partitions it does not know
 */
export async function sendAll(
  records: readonly OutRecord[],
  sendBatch: SendBatch,
  isAllowed: () => boolean,
): Promise<Appended> {
  const appended = new Map<string, Run[]>()
  for (const send of inSends(records)) {
    if (!isAllowed()) throw new Error('the writer was closed between two sends')
    const answered = new Set<string>()
    for (const { topicName, partition, baseOffset } of await sendBatch({ acks: -1, topicMessages: messagesOf(send) })) {
      const place = `${topicName}/${partition}`
      answered.add(place)
      const run = { base: Number(baseOffset), count: send.get(place)?.length ?? 0 }
      const runs = appended.get(place)
      if (runs) runs.push(run)
      else appended.set(place, [run])
    }
    const missing = [...send.keys()].filter(place => !answered.has(place))
    if (missing.length > 0) throw new UnknownPartition(`no such partition: ${missing.join(', ')}`)
  }
  return appended
}

/** Nothing was written to these partitions, and nothing will be until they exist. */
export class UnknownPartition extends Error {
  override readonly name = 'UnknownPartition'
}

/** @returns the offset of the record that was given `index`-th for this partition, from 0 */
export function offsetAt(runs: readonly Run[], index: number): number {
  let before = 0
  for (const { base, count } of runs) {
    if (index < before + count) return base + index - before
    before += count
  }
  throw new RangeError(`record ${index} of ${before}`)
}

/** @returns `topic/partition` → offset of the last record appended there */
export function lastOffsets(appended: Appended): Map<string, number> {
  const last = new Map<string, number>()
  for (const [place, runs] of appended) {
    const run = runs.at(-1)
    if (run) last.set(place, run.base + run.count - 1)
  }
  return last
}

function messagesOf(send: Send): ProducerBatch['topicMessages'] {
  const topics = new Map<string, { partition: number; key: Buffer | null; value: Buffer | null; headers?: Headers }[]>()
  for (const group of send.values()) {
    for (const { topic, partition, key, value, headers } of group) {
      const message = { partition, key, value, ...(headers ? { headers } : {}) }
      const messages = topics.get(topic)
      if (messages) messages.push(message)
      else topics.set(topic, [message])
    }
  }
  return Array.from(topics, ([topic, messages]) => ({ topic, messages }))
}
type Headers = Record<string, Buffer>

function sizeOf({ key, value, headers }: OutRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  if (headers) {
    for (const [name, header] of Object.entries(headers)) bytes += Buffer.byteLength(name) + header.length + 10
  }
  return bytes
}
