/** `freshet evaluate`: how good lists are, Freshet's own and those of other methods, on any log. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataSets } from '../connectors/mappings/all.ts'
import { Progress } from '../connectors/progress.ts'
import { evaluateMethods } from '../experiments/evaluate-methods.ts'
import { eventFields } from '../experiments/event-columns.ts'
import type { EventLog } from '../experiments/event-log.ts'
import { type MetricName, metricNames } from '../experiments/figures.ts'
import { methodNames } from '../experiments/methods.ts'
import { protocolNames, protocolShorthands } from '../experiments/protocols/protocols.ts'
import { readDataSet, readEventFiles } from '../experiments/read-log.ts'
import { htmlReport } from '../experiments/report-html.ts'
import { markdownReport } from '../experiments/report-markdown.ts'
import { besideTable, ceilingTable, figuresTable, plainTable, segmentTable } from '../experiments/report-table.ts'
import type { EvaluationResult, MetricAt } from '../experiments/result.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { directoryOf } from './data-directory.ts'
import { runSuite } from './evaluate-suite.ts'
import { stopSignal } from './stop-signal.ts'

const DEFAULT_METHODS = 'freshet,popularity,decayed-popularity,ar,sr,item-knn'

export const evaluateVerb: Command = {
  name: 'evaluate',
  summary: 'measure how good lists are: the whole graph and other methods, on any log of events',
  usage: '(--events FILE | --train FILE --test FILE | --data NAME | --suite all) [flags]',
  arguments: [0, 0],
  flags: {
    events: { kind: 'text', value: 'FILE', means: 'a log in CSV, TSV (also as .txt) or JSONL, each also with .gz' },
    train: { kind: 'text', value: 'FILE,…', means: 'instead of --events, with --test: what is learned first' },
    test: { kind: 'text', value: 'FILE', means: 'what is asked for, with --train' },
    map: { kind: 'text', value: 'MAP', means: `field=column pairs; fields are ${eventFields.join(', ')}` },
    type: { kind: 'text', value: 'TYPE', means: 'interaction type of events where no column says; default view' },
    items: { kind: 'text', value: 'FILE', means: 'a catalogue, as freshet import takes it' },
    'item-map': { kind: 'text', value: 'MAP', means: 'as --map of freshet import' },
    data: { kind: 'text', value: 'NAME', means: `instead of a file, a data set: ${[...dataSets.keys()].join(', ')}` },
    directory: { kind: 'text', value: 'DIR', means: 'where the files of the data set are' },
    protocol: { kind: 'text', value: 'NAME', means: 'what is asked when; default prequential, all of them below' },
    split: { kind: 'number', value: 'SHARE', means: 'of the events that lie before the test; default 0.9' },
    targets: { kind: 'text', value: 'TYPE,…', means: 'types that are asked for; default all that weigh above 0' },
    methods: {
      kind: 'text',
      value: 'NAME,…',
      means: `the first is compared with the others; default ${DEFAULT_METHODS}`,
    },
    k: { kind: 'text', value: 'N,…', means: 'lengths of lists that figures are made for; default 10,20' },
    metric: { kind: 'text', value: 'NAME@K', means: 'what methods are compared by, HR, MRR, Recall, NDCG or MAP' },
    'min-value': { kind: 'number', means: 'only events whose value is at least this, say five stars' },
    limit: { kind: 'number', means: 'only the first N events' },
    seed: { kind: 'number', means: 'of intervals and tests; default 1' },
    report: { kind: 'text', value: 'DIR', means: 'write report.md, report.html and result.json there' },
    json: { kind: 'switch', means: 'print the figures as one JSON object' },
    suite: { kind: 'text', value: 'all|NAME,…', means: 'run the declared evaluations and write docs/quality.md anew' },
    'data-directory': { kind: 'text', value: 'DIR', means: 'with --suite: where the directories of the data sets are' },
  },
  details: `Protocols: ${protocolNames.join(', ')}.\nShort for the usual of each: ${Object.keys(protocolShorthands).join(', ')}.\nMethods: ${methodNames.join(', ')};\nwith parameters as vmis-knn:neighbours=100:sample=500. The same data, methods and seed give the same figures.`,
  examples: [
    'npx freshet evaluate --data movietweetings --limit 5000',
    'npx freshet evaluate --events clicks.csv.gz --map visitorId=user,itemId=sku,occurredAt=time --protocol session',
    'npx freshet evaluate --train train.txt.gz --test test.txt.gz --map visitorId=SessionId,sessionId=SessionId,itemId=ItemId,occurredAt=Time --type click --protocol session/current-removed/frozen --methods vmis-knn,stan,freshet',
    'npx freshet evaluate --suite all --data-directory ./data-sets',
  ],
  async run(call) {
    if (call.text('suite') !== undefined) return runSuite(call)
    const options = {
      protocol: call.text('protocol') ?? 'prequential',
      methods: words(call.text('methods') ?? DEFAULT_METHODS),
      ks: words(call.text('k') ?? '10,20').map(kOf),
      seed: call.number('seed') ?? 1,
      ...main(call.text('metric')),
      ...splitOf(call.number('split')),
      ...(call.text('targets') !== undefined && { targets: words(call.text('targets') ?? '') }),
    }
    const log = await readLog(call)
    tellLeftOut(call, log)
    const signal = stopSignal(call.say)
    try {
      const result = await evaluateMethods(log, { ...options, signal, ...progressOf(call) })
      write(call, result)
      return 0
    } catch (error) {
      if (signal.aborted) return 130
      if (error instanceof RangeError) throw new UsageError(error.message)
      throw error
    }
  },
}

/** One line a method while it runs, and one when it is through. */
export function progressOf(call: Call) {
  let progress: { readonly method: string; readonly total: number; readonly line: Progress } | undefined
  return {
    onProgress(method: string, done: number, total: number) {
      if (progress?.method !== method)
        progress = {
          method,
          total,
          line: new Progress({ label: method, unit: 'events', stream: process.stderr, now: Date.now }),
        }
      progress.line.update(done, total)
    },
    onDone(method: string, { cpuMs, asked }: { readonly cpuMs: number; readonly asked: readonly unknown[] }) {
      if (progress) progress.line.end(progress.total, progress.total)
      const perAsk = asked.length > 0 ? (cpuMs / asked.length).toFixed(2) : '–'
      call.say(`${method}: ${asked.length.toLocaleString('en-US')} questions, ${perAsk} ms of CPU time each`)
    },
  }
}

export function write(call: Call, result: EvaluationResult): void {
  const directory = call.text('report')
  if (directory !== undefined) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'report.md'), markdownReport(result))
    writeFileSync(join(directory, 'report.html'), htmlReport(result))
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
    call.say(`written: ${join(directory, 'report.html')}, report.md and result.json beside it`)
  }
  if (call.isSet('json')) call.print(JSON.stringify(result))
  else printTables(call, result)
}

function printTables(call: Call, result: EvaluationResult): void {
  const { data, protocol, questions, seed } = result
  call.print(`${data.name}, ${protocol}: ${questions.toLocaleString('en-US')} questions, data ${data.hash.slice(0, 16)}, seed ${seed}`) // biome-ignore format: one line
  call.print('')
  for (const table of [figuresTable(result), segmentTable(result), besideTable(result)])
    call.print(`${plainTable(table)}\n`)
  for (const method of result.methods) {
    const table = ceilingTable(method, result.main.k)
    if (table) call.print(`${plainTable(table)}\n`)
  }
}

async function readLog(call: Call): Promise<EventLog> {
  const [events, train, test, data] = ['events', 'train', 'test', 'data'].map(flag => call.text(flag))
  const given = [events, train, data].filter(one => one !== undefined)
  if (given.length !== 1)
    throw new UsageError(`wanted one of --events, --train with --test, or --data; got ${given.length}`)
  if ((train === undefined) !== (test === undefined)) throw new UsageError('--train and --test want each other')
  const narrowed = {
    ...(call.number('limit') !== undefined && { limit: call.number('limit') as number }),
    ...(call.number('min-value') !== undefined && { minValue: call.number('min-value') as number }),
  }
  if (data !== undefined) {
    const set = dataSets.get(data)
    if (!set) throw new UsageError(`--data: wanted one of ${[...dataSets.keys()].join(', ')}, got ${data}`)
    return readDataSet(set, directoryOf(set, call.text('directory')), narrowed)
  }
  const files = events === undefined ? { train: words(train ?? ''), test: test ?? '' } : events
  const items = call.text('items')
  const paths = typeof files === 'string' ? [files] : [...files.train, files.test]
  for (const path of [...paths, ...(items === undefined ? [] : [items])])
    if (!existsSync(path)) throw new UsageError(`${path}: no such file`)
  const [itemMap, type] = [call.text('item-map'), call.text('type')]
  try {
    return await readEventFiles({
      events: files,
      map: call.text('map') ?? '',
      ...(items !== undefined && { items }),
      ...(itemMap !== undefined && { itemMap }),
      ...(type !== undefined && { type }),
      ...narrowed,
    })
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error
  }
}

function tellLeftOut(call: Call, { leftOut }: EventLog): void {
  for (const [reason, rows] of leftOut) call.say(`left out: ${rows.toLocaleString('en-US')} rows, ${reason}`)
}

const words = (text: string): string[] => text.split(',').map(word => word.trim()).filter(word => word !== '') // biome-ignore format: one line

function kOf(text: string): number {
  const k = Number(text)
  if (!Number.isInteger(k) || k < 1 || k > 100)
    throw new UsageError(`--k: wanted whole numbers from 1 to 100, got ${text}`)
  return k
}

function main(text: string | undefined): { readonly main?: MetricAt } {
  if (text === undefined) return {}
  const [name = '', k = ''] = text.split('@')
  const metric = metricNames.find(one => one.toLowerCase() === name.toLowerCase())
  if (!metric) throw new UsageError(`--metric: wanted ${metricNames.join(', ')} and @K, got ${text}`)
  return { main: { metric: metric satisfies MetricName, k: kOf(k) } }
}

function splitOf(split: number | undefined): { readonly split?: number } {
  if (split === undefined) return {}
  if (!(split >= 0 && split < 1)) throw new UsageError(`--split: wanted a share from 0 to below 1, got ${split}`)
  return { split }
}
