/**
 * The interactions of one partition as the user stage meets them: what it refuses before any processor sees it is refused
 * here too. Some verdicts no recount can repeat, since they hung on the moment; those are taken from `rejected.v1`.
 */
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { Rejected } from '../schemas/rejected.ts'
import { topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import { appendedAtMs } from '../topology/record-headers.ts'
import type { LogRecord } from '../topology/log-port.ts'
import type { RangeReader } from '../topology/range-reader.ts'
import type { Logged } from './admission.ts'

/** `interactions.v1[partition]@offset` → code: by the recount, and in `rejected.v1`. */
export interface Verdicts {
  readonly wanted: Map<string, string>
  readonly got: Map<string, string>
}

interface Asked {
  readonly reader: RangeReader
  readonly wire: Wire
  readonly nameOf: (topic: { readonly name: string }) => string
  readonly partition: number
  readonly partitions: number
  /** Up to this offset of the interactions. */
  readonly end: number
  readonly verdicts: Verdicts
  /** Told after every batch how far it has read. */
  readTo(offset: number): void
}

const MAX_VALUE_BYTES = 200_000
/** Set aside for what a later look at the same bytes need not find again: a defect since mended, a schema since registered. */
const OF_THE_MOMENT = new Set(['HANDLER_FAILED', 'UNKNOWN_SCHEMA', 'INCOMPATIBLE_SCHEMA'])

/** @param take - one record after the other; @returns the code where it is refused */
export async function interactionsOf(
  asked: Asked,
  take: (record: Logged) => string | undefined,
): Promise<{ records: number; takenOver: number }> {
  const { reader, wire, nameOf, partition, partitions, end, verdicts, readTo } = asked
  const topic = nameOf(topics.interactions)
  await readRejected(asked, topic)
  let count = 0
  let takenOver = 0
  await reader.read({ topic, partition }, { end }, async (records, nextOffset) => {
    await wire.prepare(records.map(record => record.value))
    for (const record of records) {
      count++
      const place = `${topic}[${partition}]@${record.offset}`
      const standing = verdicts.got.get(place) ?? ''
      const isTaken = OF_THE_MOMENT.has(standing)
      if (isTaken) takenOver++
      const verdict = isTaken ? standing : verdictOn(record, partitions, wire, take)
      if (verdict !== undefined) verdicts.wanted.set(place, verdict)
    }
    readTo(nextOffset)
  })
  return { records: count, takenOver }
}

function verdictOn(
  record: LogRecord,
  partitions: number,
  wire: Wire,
  take: (record: Logged) => string | undefined,
): string | undefined {
  const { partition, offset, key, value } = record
  if (key !== null && partitionOf(key, partitions) !== partition) return 'MISPLACED_KEY'
  if ((value?.length ?? 0) > MAX_VALUE_BYTES) return 'RECORD_TOO_LARGE'
  let interaction: Interaction
  try {
    interaction = wire.decode(topics.interactions, value)
  } catch (error) {
    if (error instanceof FreshetError) return error.code
    throw error
  }
  return take({
    partition,
    offset,
    appendedAtMs: appendedAtMs(record),
    key: key?.toString() ?? null,
    value: interaction,
  })
}

/** What the user task of the partition has set aside of the interactions before `end`. */
async function readRejected({ reader, wire, nameOf, partition, end, verdicts }: Asked, source: string): Promise<void> {
  await reader.read({ topic: nameOf(topics.rejected), partition }, {}, async records => {
    await wire.prepare(records.map(record => record.value))
    for (const { value } of records) {
      const { topic, offset, code } = wire.decode<Rejected>(topics.rejected, value)
      if (topic !== source || offset >= end) continue
      const place = `${topic}[${partition}]@${offset}`
      const before = verdicts.got.get(place)
      verdicts.got.set(place, before === undefined ? code : `${before}, ${code}`)
    }
  })
}
