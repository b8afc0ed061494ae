/** Reads topics from their beginning to the ends they have now. */
import type { LogPort, LogRecord } from './log-port.ts'

/** @param each - called for every record, in order within a partition */
export async function readToEnd(
  log: LogPort,
  topics: readonly string[],
  each: (record: LogRecord, partition: number) => void,
): Promise<void> {
  const behind = new Map<string, number>()
  for (const topic of topics)
    for (const [partition, { begin, end }] of (await log.offsets(topic)).entries())
      if (end > begin) behind.set(`${topic}/${partition}`, end)
  if (behind.size === 0) return
  const done = Promise.withResolvers<void>()
  const consumer = await log.consume({
    group: null,
    topics,
    assignment: 'copartition',
    onAssign: (assigned, one) => {
      for (const at of assigned) one.resume(at)
    },
    onBatch: async batch => {
      const id = `${batch.topic}/${batch.partition}`
      const end = behind.get(id)
      if (end === undefined) return
      for (const record of batch.records) if (record.offset < end) each(record, batch.partition)
      if (batch.nextOffset < end) return
      behind.delete(id)
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
