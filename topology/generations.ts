/**
 * Which generation of all that is computed is the live one: the one that every process starts with. It stands in the table of
 * incarnations, which outlives every rebuild.
 */
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import { topicName } from '../schemas/topics.ts'
import { INCARNATIONS, readIncarnations } from './incarnations.ts'
import type { LogPort } from './log-port.ts'

/** No topic is called so. */
const LIVE = '@live'
const FIRST = 1

export interface Live {
  /** 1 until another one was made live, and where there is nothing yet. */
  readonly generation: number
  /** What stands in the table of incarnations; undefined where there is none yet. */
  readonly known?: ReadonlyMap<string, number>
}

export async function readLive(log: LogPort, namespace: string): Promise<Live> {
  const table = topicName({ name: INCARNATIONS }, namespace)
  try {
    const known = await readIncarnations(log, table)
    return { generation: known.get(LIVE) ?? FIRST, known }
  } catch (error) {
    if (error instanceof FreshetError && error.code === 'TOPIC_MISMATCH') return { generation: FIRST }
    throw error
  }
}

/** Processes that run go on with the one they began with; those that start from now on take this one. */
export async function makeLive(log: LogPort, namespace: string, generation: number): Promise<void> {
  const topic = topicName({ name: INCARNATIONS }, namespace)
  const { length } = await log.offsets(topic)
  const record = { topic, partition: partitionOf(LIVE, length), key: Buffer.from(LIVE) }
  await log.produce([{ ...record, value: Buffer.from(String(generation)) }])
}
