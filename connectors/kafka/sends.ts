import type { OutRecord } from '../../topology/log-port.ts'

/** Below the broker's default of 1 MB for a record batch, with room for what its format adds. */
const MAX_PARTITION_BYTES = 800_000
const RECORD_OVERHEAD_BYTES = 24 // lengths, deltas and attributes, generously

/** What one send holds: `topic/partition` → its records, at least one. */
export type Send = ReadonlyMap<string, readonly OutRecord[]>
/** @returns `topic/partition` → offset of the first record appended there */
export type SendOnce = (send: Send) => Promise<ReadonlyMap<string, number>>

/** What one partition has in the last send that was begun for it. */
interface Filling {
  readonly place: string
  send: number
  bytes: number
  group: OutRecord[]
}

/**
 * Splits records so that no partition gets more than 800 kB in a send; a record larger than that goes in a send of its own.
 * @returns sends whose records, one send after the other, are those given, in order within each partition
 */
export function inSends(records: readonly OutRecord[]): Send[] {
  const sends: Map<string, OutRecord[]>[] = []
  // Each partition fills the sends from the first on at its own pace.
  const filling = new Map<string, Filling[]>()
  const begin = (place: string, send: number): Filling => {
    const group: OutRecord[] = []
    const existing = sends[send]
    if (existing) existing.set(place, group)
    else sends[send] = new Map([[place, group]])
    return { place, send, bytes: 0, group }
  }
  for (const record of records) {
    const { topic, partition } = record
    let partitions = filling.get(topic)
    if (!partitions) {
      partitions = []
      filling.set(topic, partitions)
    }
    const bytes = sizeOf(record)
    let at = partitions[partition] ?? begin(`${topic}/${partition}`, 0)
    if (at.bytes > 0 && at.bytes + bytes > MAX_PARTITION_BYTES) at = begin(at.place, at.send + 1)
    at.bytes += bytes
    at.group.push(record)
    partitions[partition] = at
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
 * Sends all records, one send in flight at a time: a producer's sequence numbers follow each other.
 * @param isAllowed - asked before each send, so that a writer given up in the meantime stops
 */
export async function sendAll(
  records: readonly OutRecord[],
  sendOnce: SendOnce,
  isAllowed: () => boolean,
): Promise<Appended> {
  const appended = new Map<string, Run[]>()
  for (const send of inSends(records)) {
    if (!isAllowed()) throw new Error('the writer was closed between two sends')
    for (const [place, base] of await sendOnce(send)) {
      const run = { base, count: send.get(place)?.length ?? 0 }
      const runs = appended.get(place)
      if (runs) runs.push(run)
      else appended.set(place, [run])
    }
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

function sizeOf({ key, value, headers }: OutRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  if (headers) {
    for (const [name, header] of Object.entries(headers)) bytes += Buffer.byteLength(name) + header.length + 10
  }
  return bytes
}
