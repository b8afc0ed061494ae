/** `freshet evaluate --suite`: the declared evaluations one after the other, and their tables in docs/quality.md. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dataSets } from '../connectors/mappings/all.ts'
import { evaluateMethods } from '../experiments/evaluate-methods.ts'
import type { EventLog } from '../experiments/event-log.ts'
import { withSection } from '../experiments/quality-page.ts'
import { readDataSet, readEventFiles } from '../experiments/read-log.ts'
import { htmlReport } from '../experiments/report-html.ts'
import { markdownReport } from '../experiments/report-markdown.ts'
import { type SuiteEntry, suite } from '../experiments/suite.ts'
import { type Call, UsageError } from './command.ts'
import { progressOf } from './evaluate.ts'
import { stopSignal } from './stop-signal.ts'

const PAGE = fileURLToPath(new URL('../docs/quality.md', import.meta.url))

/** A data set whose directory is not there is left out and said so; what was done stands when Ctrl-C comes. */
export async function runSuite(call: Call): Promise<number> {
  const base = call.text('data-directory')
  if (base === undefined) throw new UsageError('--suite wants --data-directory DIR with a directory for each data set')
  const entries = chosen(call.text('suite') ?? 'all')
  const signal = stopSignal(call.say)
  let isWhole = true
  for (const entry of entries) {
    const directory = join(base, entry.directory)
    if (!existsSync(directory)) {
      call.say(`${entry.name}: left out, ${directory} is not there`)
      isWhole = false
      continue
    }
    call.say(`${entry.name}: ${entry.title}`)
    try {
      const log = await logOf(entry, directory)
      const result = await evaluateMethods(log, {
        protocol: entry.protocol,
        methods: entry.methods,
        ks: [10, 20],
        seed: call.number('seed') ?? 1,
        ...(entry.targets && { targets: entry.targets }),
        ...(entry.main && { main: entry.main }),
        signal,
        ...progressOf(call),
      })
      writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), entry.name, result))
      const reports = call.text('report')
      if (reports !== undefined) {
        mkdirSync(reports, { recursive: true })
        writeFileSync(join(reports, `${entry.name}.md`), markdownReport(result))
        writeFileSync(join(reports, `${entry.name}.html`), htmlReport(result))
        writeFileSync(join(reports, `${entry.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
      }
      call.print(`${entry.name}: written into docs/quality.md`)
    } catch (error) {
      if (signal.aborted) return 130
      throw error
    }
  }
  return isWhole ? 0 : 1
}

function chosen(text: string): readonly SuiteEntry[] {
  if (text === 'all') return suite
  return text.split(',').map(name => {
    const entry = suite.find(one => one.name === name)
    if (!entry)
      throw new UsageError(`--suite: wanted all or some of ${suite.map(one => one.name).join(', ')}, got ${name}`)
    return entry
  })
}

function logOf({ data }: SuiteEntry, directory: string): Promise<EventLog> {
  if ('set' in data) {
    const set = dataSets.get(data.set)
    if (!set) throw new Error(`${data.set}: no such data set`)
    return readDataSet(set, directory, data)
  }
  return readEventFiles({
    events: { train: data.train.map(file => join(directory, file)), test: join(directory, data.test) },
    map: data.map,
    type: data.type,
  })
}
