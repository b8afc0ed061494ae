/** The bench's own hands on the log of a chain: it makes the topics, brings the catalogue, sends and reads records. */
import { pino } from 'pino'
import { openFoundation, type Foundation } from '../cli/assemble.ts'
import { partitionOf } from '../schemas/ids.ts'
import { topicName, topics } from '../schemas/topics.ts'
import { loadConfig } from '../topology/config.ts'
import type { LogRecord, OutRecord } from '../topology/log-port.ts'
import { catalogueItem } from './traffic.ts'

const BATCH = 1_000

/** @param env - options of Freshet, the same that the chain gets */
export function openLog(env: Readonly<Record<string, string>>): Promise<Foundation> {
  return openFoundation(loadConfig(env), pino({ level: 'error' }, pino.destination(2)), { mode: 'wait' })
}

export async function bringCatalogue(
  { log, wire, config }: Foundation,
  count: number,
  embedding: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const topic = topicName(topics.items, config.namespace)
  for (let from = 0; from < count; from += BATCH) {
    const records: OutRecord[] = []
    for (let number = from; number < Math.min(count, from + BATCH); number++) {
      const key = `item-${number}`
      const value = wire.encode(topics.items, catalogueItem(number, embedding))
      records.push({ topic, partition: partitionOf(key, config.partitions), key: Buffer.from(key), value })
    }
    await log.produce(records)
    onProgress(from + records.length)
  }
}

/** @returns ends of the partitions of a topic now */
export async function endsOf({ log, config }: Foundation, topic: { readonly name: string }): Promise<number[]> {
  return (await log.offsets(topicName(topic, config.namespace))).map(range => range.end)
}

/** Reads a topic from offsets seen before to the ends it has now. */
export async function readSince(
  { log, config }: Foundation,
  topic: { readonly name: string },
  from: readonly number[],
  each: (record: LogRecord) => void,
): Promise<void> {
  const name = topicName(topic, config.namespace)
  const ends = (await log.offsets(name)).map(range => range.end)
  const behind = new Set(ends.keys().filter(partition => (ends[partition] as number) > (from[partition] ?? 0)))
  if (behind.size === 0) return
  const done = Promise.withResolvers<void>()
  const consumer = await log.consume({
    group: null,
    topics: [name],
    assignment: 'copartition',
    onAssign(assigned, one) {
      for (const at of assigned) {
        one.seek(at, from[at.partition] ?? 0)
        one.resume(at)
      }
    },
    async onBatch(batch) {
      for (const record of batch.records) each(record)
      if (batch.nextOffset >= (ends[batch.partition] ?? 0)) behind.delete(batch.partition)
      if (behind.size === 0) done.resolve()
    },
    onCrash: error => done.reject(error),
  })
  try {
    await done.promise
  } finally {
    await consumer.stop()
  }
}
