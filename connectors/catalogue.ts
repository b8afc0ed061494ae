/**
 * Import of a catalogue into its table: a row that says what the table already says is not written again, a bad one is
 * listed by number and the rest goes on. What the table says is read back from the log, so nothing else has to be kept.
 */
import { createHash } from 'node:crypto'
import { idProblem, partitionOf } from '../schemas/ids.ts'
import { type Topic, topicName } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import type { LogPort, LogRecord, OutRecord } from '../topology/log-port.ts'
import type { CatalogueRow } from './data-set.ts'

const BATCH_RECORDS = 500
/** Bad lines named; the others are counted only. */
const MAX_LISTED = 1_000

export interface ImportOptions<T> {
  readonly topic: Topic<T>
  readonly rows: AsyncIterable<CatalogueRow<T>>
  readonly log: LogPort
  readonly wire: Pick<Wire, 'encode'>
  readonly namespace: string
  /** Hands over what a topic holds, from its beginning to the end it has now. */
  readAll(topic: string, each: (record: LogRecord) => void): Promise<void>
  /** Called after each batch and at the end. */
  onProgress?(soFar: ImportResult): void
  /** Ends the import behind the batch that is on its way. */
  readonly signal?: AbortSignal
}

export interface ImportResult {
  readonly written: number
  readonly unchanged: number
  readonly bad: number
  /** The first {@link MAX_LISTED} bad lines. */
  readonly problems: readonly { readonly line: number; readonly problem: string }[]
}

export async function importCatalogue<T>(options: ImportOptions<T>): Promise<ImportResult> {
  const { log, wire, topic } = options
  const name = topicName(topic, options.namespace)
  const partitions = (await log.offsets(name)).length
  const known = new Map<string, string>()
  await options.readAll(name, record => {
    const key = record.key?.toString() ?? ''
    if (record.value === null) known.delete(key)
    else known.set(key, contentHash(record.value))
  })
  const result = { written: 0, unchanged: 0, bad: 0, problems: [] as { line: number; problem: string }[] }
  let batch: OutRecord[] = []
  const flush = async () => {
    if (batch.length > 0) await log.produce(batch)
    result.written += batch.length
    batch = []
    options.onProgress?.(result)
  }
  for await (const row of options.rows) {
    if (options.signal?.aborted) break
    const value = encoded(row, wire, topic)
    if ('problem' in value) {
      result.bad++
      if (result.problems.length < MAX_LISTED) result.problems.push(value)
      continue
    }
    const hash = contentHash(value.bytes)
    if (known.get(value.id) === hash) {
      result.unchanged++
      continue
    }
    known.set(value.id, hash)
    batch.push({
      topic: name,
      partition: partitionOf(value.id, partitions),
      key: Buffer.from(value.id),
      value: value.bytes,
    })
    if (batch.length === BATCH_RECORDS) await flush()
  }
  await flush()
  return result
}

function encoded<T>(row: CatalogueRow<T>, wire: Pick<Wire, 'encode'>, topic: Topic<T>) {
  if ('problem' in row) return row
  const problem = idProblem(row.id)
  if (problem !== undefined) return { line: row.line, problem: `id: ${problem}` }
  try {
    return { id: row.id, bytes: wire.encode(topic, row.value) }
  } catch (error) {
    return { line: row.line, problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Of the whole value, the schema id included: a row is written again when its schema has changed. 128 bits. */
const contentHash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64').slice(0, 22)
