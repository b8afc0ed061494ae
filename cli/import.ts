/** `freshet import`: items or users from a file, or the catalogue of a ready data set. */
import { existsSync } from 'node:fs'
import { importCatalogue } from '../connectors/catalogue.ts'
import type { CatalogueRow } from '../connectors/data-set.ts'
import { fieldMapping, itemTarget, mappedRows, type Target, userTarget } from '../connectors/fields.ts'
import { dataSets } from '../connectors/mappings/all.ts'
import { Progress } from '../connectors/progress.ts'
import { rowsOf } from '../connectors/rows.ts'
import { loadConfig } from '../topology/config.ts'
import { readToEnd } from '../topology/read-to-end.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { directoryOf } from './data-directory.ts'
import { stopSignal } from './stop-signal.ts'
import { withFlags } from './with-flags.ts'

const LISTED = 20

export const importVerb: Command = {
  name: 'import',
  summary: 'import items (or users) from CSV, TSV or JSONL, or the catalogue of a data set',
  usage: '<FILE | data set> [flags]',
  arguments: [1, 1],
  flags: {
    users: { kind: 'switch', means: 'the file holds users, not items' },
    map: {
      kind: 'text',
      value: 'MAP',
      means: 'field=column pairs, `id=sku,title=name,categories=path:>`; lists split at | or the given character',
    },
    data: { kind: 'text', value: 'DIR', means: 'where the files of the data set are' },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    json: { kind: 'switch', means: 'print the result as one JSON object' },
  },
  details: `Rows that say what the table already says are not written again. Bad lines are listed, the rest is imported.\nWith bad lines the exit code is 1. Data sets: ${[
    ...dataSets.values(),
  ]
    .filter(one => one.items)
    .map(one => one.name)
    .join(', ')}.`,
  examples: [
    "npx freshet import items.csv.gz --map 'id=sku,title=name,categories=path:>'",
    'npx freshet import users.jsonl --users',
    'npx freshet import online-retail-ii --data ./online-retail-ii',
  ],
  async run(call) {
    const isUsers = call.isSet('users')
    return isUsers ? load(call, userTarget) : load(call, itemTarget)
  },
}

async function load<T extends object>(call: Call, target: Target<T>): Promise<number> {
  const rows = rowsFor(call, target)
  const config = loadConfig(withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' }))
  const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once' })
  const progress = new Progress({ label: 'import', unit: 'rows', stream: process.stderr, now: Date.now })
  const signal = stopSignal(call.say)
  try {
    const result = await importCatalogue({
      topic: target.topic,
      rows,
      log: parts.log,
      wire: parts.wire,
      namespace: config.namespace,
      readAll: (topic, each) => readToEnd(parts.log, [topic], each),
      onProgress: ({ written, unchanged, bad }) => progress.update(written + unchanged + bad, 0),
      signal,
    })
    const { written, unchanged, bad, problems } = result
    progress.end(written + unchanged + bad, 0)
    for (const { line, problem } of problems.slice(0, LISTED)) call.say(`line ${line}: ${problem}`)
    if (bad > LISTED) call.say(`and ${bad - LISTED} more bad lines`)
    call.print(
      call.isSet('json')
        ? JSON.stringify({ written, unchanged, bad, problems })
        : `${written} written, ${unchanged} unchanged, ${bad} bad`,
    )
    return bad > 0 || signal.aborted ? 1 : 0
  } finally {
    await parts.close()
  }
}

function rowsFor<T extends object>(call: Call, target: Target<T>): AsyncIterable<CatalogueRow<T>> {
  const [source = ''] = call.arguments
  const set = dataSets.get(source)
  if (!set) {
    let rows: AsyncIterable<CatalogueRow<T>>
    try {
      rows = mappedRows(rowsOf(source), target, fieldMapping(call.text('map') ?? '', target))
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error))
    }
    if (!existsSync(source)) throw new UsageError(`${source}: no such file`)
    return rows
  }
  const directory = directoryOf(set, call.text('data'))
  const rows = target.topic === userTarget.topic ? set.users?.(directory) : set.items?.(directory)
  if (!rows) throw new UsageError(`${set.name} has no ${target.topic === userTarget.topic ? 'users' : 'items'}`)
  return rows as AsyncIterable<CatalogueRow<T>> // the target and the method chosen by it agree on the record
}
