/**
 * Where the time of a watched event went, found afterwards in the log: the first hot profile and the first list that cover it
 * carry the time at which they were handed to Kafka, the list also when it was built. Whole ms; one clock, one machine.
 */
import type { Foundation } from '../cli/assemble.ts'
import type { LogRecord } from '../topology/log-port.ts'
import { topics } from '../schemas/topics.ts'
import { readSince } from './bench-log.ts'
import type { Watched } from './freshness-probe.ts'

export const hopNames = [
  'acknowledged → profile handed over',
  'profile handed over → list built',
  'list built → list handed over',
  'list handed over → readable in Redis',
] as const

interface Made {
  readonly offset: number
  readonly atMs: number
  readonly builtAtMs: number
}

/** @param since - ends of profiles.v1 and lists.v1 before the first of the events. @returns one row of ms for each event that was seen whole */
export async function hopsOf(
  parts: Foundation,
  watched: readonly Watched[],
  since: { readonly profiles: readonly number[]; readonly lists: readonly number[] },
): Promise<number[][]> {
  const visitors = new Set(watched.map(one => one.visitor))
  const profiles = new Map<string, Made[]>()
  const lists = new Map<string, Made[]>()
  const keep = (into: Map<string, Made[]>, key: string, made: Made) => {
    const known = into.get(key)
    if (known) known.push(made)
    else into.set(key, [made])
  }
  await readSince(parts, topics.profiles, since.profiles, (record: LogRecord) => {
    const key = record.key?.toString() ?? ''
    if (!key.startsWith('hot/') || !visitors.has(key.slice(4)) || !record.value) return
    const { offset } = parts.wire.decode(topics.profiles, record.value)
    keep(profiles, key.slice(4), { offset, atMs: record.timestampMs, builtAtMs: 0 })
  })
  await readSince(parts, topics.lists, since.lists, (record: LogRecord) => {
    const key = record.key?.toString() ?? ''
    if (!visitors.has(key) || !record.value) return
    const { offset, builtAtMs } = parts.wire.decode(topics.lists, record.value)
    keep(lists, key, { offset, atMs: record.timestampMs, builtAtMs })
  })
  return watched.flatMap(({ visitor, offset, ackMs, readableMs }) => {
    const profile = profiles.get(visitor)?.find(one => one.offset >= offset)
    const list = lists.get(visitor)?.find(one => one.offset >= offset)
    if (!profile || !list || readableMs === undefined) return []
    return [[profile.atMs - ackMs, list.builtAtMs - profile.atMs, list.atMs - list.builtAtMs, readableMs - list.atMs]]
  })
}
