/** Records of a topic, decoded for a person. */
import { topicName } from '../schemas/topics.ts'
import type { AnyTopic } from '../topology/graph.ts'
import type { LogRecord } from '../topology/log-port.ts'
import { readToEnd } from '../topology/read-to-end.ts'
import type { Foundation } from './assemble.ts'

export interface ShownRecord {
  readonly partition: number
  readonly offset: number
  readonly at: string
  readonly key: string | null
  /** Or why it cannot be read, under `problem`. */
  readonly value?: unknown
  readonly problem?: string
}

/** @returns the newest records by offset, oldest first, partition after partition */
export async function newestRecords(
  parts: Foundation,
  topic: AnyTopic,
  { limit, key }: { readonly limit: number; readonly key?: string | undefined },
): Promise<ShownRecord[]> {
  const kept = new Map<number, LogRecord[]>()
  await readToEnd(parts.log, [topicName(topic, parts.config.namespace)], record => {
    if (key !== undefined && record.key?.toString() !== key) return
    const list = kept.get(record.partition) ?? []
    kept.set(record.partition, list)
    list.push(record)
    if (list.length > limit) list.shift()
  })
  const records = [...kept.values()]
    .flat()
    .sort((a, b) => a.timestampMs - b.timestampMs)
    .slice(-limit)
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
  await parts.wire.prepare(records.map(record => record.value))
  return records.map(record => shown(parts, topic, record))
}

/** @returns the last value of a key; undefined where there is none, or it was deleted */
export async function newestByKey(parts: Foundation, topic: AnyTopic, key: string): Promise<unknown> {
  const [last] = await newestRecords(parts, topic, { limit: 1, key })
  return last?.value ?? last?.problem
}

function shown(parts: Foundation, topic: AnyTopic, record: LogRecord): ShownRecord {
  const { partition, offset } = record
  const place = {
    partition,
    offset,
    at: new Date(record.timestampMs).toISOString(),
    key: record.key?.toString() ?? null,
  }
  if (record.value === null) return { ...place, value: null }
  try {
    const value = parts.wire.decode(topic, record.value)
    return { ...place, value: JSON.parse(JSON.stringify(value, readable)) as unknown }
  } catch (error) {
    return { ...place, problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Bytes as text where they are text, else as base64. */
function readable(_: string, value: unknown): unknown {
  const isBuffer =
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
  if (!isBuffer) return value
  const bytes = Buffer.from(value.data as number[])
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text).equals(bytes) && !/\p{Cc}/u.test(text.replaceAll(/[\t\r\n]/g, ''))
  return isText ? text : bytes.toString('base64')
}
