/**
 * Which incarnation of a topic the offsets of its records belong to. A topic that is created anew starts again at offset
 * 0; its generation, ms since the epoch at its creation, lets a View tell newer from older all the same. Kept in a table of
 * its own, `incarnations.v1`: key the topic's name, value the generation as decimal text.
 */
import { partitionOf } from '../schemas/ids.ts'
import type { LogPort } from './log-port.ts'
import { readToEnd } from './read-to-end.ts'

export const INCARNATIONS = 'incarnations.v1'

/**
 * @param created - topics that were just created
 * @param partitions - of the incarnations table
 * @returns topic → generation, for every topic of `names`
 */
export async function incarnationsOf(
  log: LogPort,
  table: string,
  names: readonly string[],
  created: readonly string[],
  partitions: number,
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const known = await readTable(log, table)
  const missing = names.filter(name => created.includes(name) || !known.has(name))
  if (missing.length === 0) return known
  await log.produce(
    missing.map(name => {
      const generation = Math.max(nowMs, (known.get(name) ?? 0) + 1)
      return {
        topic: table,
        partition: partitionOf(name, partitions),
        key: Buffer.from(name),
        value: Buffer.from(String(generation)),
      }
    }),
  )
  // Read back: of two processes that start at once the last in the log is right for both.
  return readTable(log, table)
}

async function readTable(log: LogPort, table: string): Promise<Map<string, number>> {
  const generations = new Map<string, number>()
  await readToEnd(log, [table], ({ key, value }) => {
    if (key && value) generations.set(key.toString(), Number(value.toString()))
  })
  return generations
}
