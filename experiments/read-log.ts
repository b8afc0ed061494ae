/** Reads a log for an evaluation: a ready data set, or files of any columns. */
import { basename } from 'node:path'
import type { CatalogueRow, DataSet, LeftOut } from '../connectors/data-set.ts'
import { fieldMapping, itemTarget, mappedRows } from '../connectors/fields.ts'
import { rowsOf } from '../connectors/rows.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { Item } from '../schemas/item.ts'
import { eventFrom, eventMapping } from './event-columns.ts'
import { type EventLog, eventLog } from './event-log.ts'

export interface Narrowed {
  /** Only the first so many events. */
  readonly limit?: number
  /** Only events whose `value` is at least this. */
  readonly minValue?: number
}

export async function readDataSet(set: DataSet, directory: string, narrowed: Narrowed = {}): Promise<EventLog> {
  const leftOut: LeftOut = new Map()
  const interactions: Interaction[] = []
  const keeps = keeper(narrowed, leftOut)
  for await (const one of set.events(directory, leftOut)) {
    if (interactions.length === narrowed.limit) break
    if (keeps(one)) interactions.push(one)
  }
  const catalogue = set.items ? await catalogueOf(set.items(directory)) : new Map<string, Item>()
  return eventLog({ name: set.name, interactions, catalogue, leftOut })
}

export interface EventFiles extends Narrowed {
  /** One file, or those of training and of the test. */
  readonly events: string | { readonly train: readonly string[]; readonly test: string }
  /** As {@link eventMapping} takes it. */
  readonly map: string
  readonly items?: string
  /** As `freshet import` takes it. */
  readonly itemMap?: string
  /** Of events where no column says. Default view. */
  readonly type?: string
}

/**
 * Rows come into the order of their time, rows of one time stay in that of the file; a test file begins after the training whatever
 * its times say. A row that cannot be read is left out and counted by its reason.
 *
 * @throws Error where no row could be read, with the reason of the first
 */
export async function readEventFiles(files: EventFiles): Promise<EventLog> {
  const leftOut: LeftOut = new Map()
  const catalogue = files.items
    ? await catalogueOf(mappedRows(rowsOf(files.items), itemTarget, fieldMapping(files.itemMap ?? '', itemTarget)))
    : new Map<string, Item>()
  if (typeof files.events === 'string') {
    const interactions = await sorted([files.events], files, leftOut)
    return eventLog({ name: basename(files.events), interactions, catalogue, leftOut })
  }
  const { train, test } = files.events
  const learned = await sorted(train, files, leftOut)
  const interactions = [...learned, ...(await sorted([test], files, leftOut))]
  const name = [...train, test].map(path => basename(path)).join(' + ')
  return eventLog({ name, interactions, testFrom: learned.length, catalogue, leftOut })
}

async function sorted(paths: readonly string[], files: EventFiles, leftOut: LeftOut): Promise<Interaction[]> {
  const mapping = eventMapping(files.map)
  const keeps = keeper(files, leftOut)
  const interactions: Interaction[] = []
  let firstProblem: string | undefined
  for (const path of paths)
    for await (const row of rowsOf(path)) {
      try {
        const one = eventFrom(row, mapping, basename(path), files.type ?? 'view')
        if (keeps(one)) interactions.push(one)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        firstProblem ??= `${path}:${row.line}: ${error.message}`
        const reason = error.message.replace(/, got .*$/s, '')
        leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
      }
    }
  if (interactions.length === 0) throw new Error(firstProblem ?? `${paths.join(', ')}: no events`)
  interactions.sort((a, b) => a.occurredAt - b.occurredAt)
  return interactions.slice(0, files.limit)
}

function keeper({ minValue }: Narrowed, leftOut: LeftOut): (one: Interaction) => boolean {
  if (minValue === undefined) return () => true
  const reason = `value below ${minValue}`
  return ({ value }) => {
    if (value !== null && value >= minValue) return true
    leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
    return false
  }
}

async function catalogueOf(rows: AsyncIterable<CatalogueRow<Item>>): Promise<Map<string, Item>> {
  const catalogue = new Map<string, Item>()
  for await (const row of rows) if (!('problem' in row)) catalogue.set(row.id, row.value)
  return catalogue
}
