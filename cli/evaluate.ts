/** `freshet evaluate`: how good lists are, Freshet's own and those of other methods, on any log. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Progress } from '../connectors/progress.ts'
import { evaluateMethods } from '../experiments/evaluate-methods.ts'
import { methodNames } from '../experiments/methods.ts'
import { protocolNames, protocolShorthands } from '../experiments/protocols/protocols.ts'
import { htmlReport } from '../experiments/report-html.ts'
import { markdownReport } from '../experiments/report-markdown.ts'
import { besideTable, ceilingTable, figuresTable, plainTable, segmentTable } from '../experiments/report-table.ts'
import type { EvaluationResult } from '../experiments/result.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { kOf, logFlags, metricOf, readLog, splitOf, words } from './evaluate-flags.ts'
import { runSuite } from './evaluate-suite.ts'
import { stopSignal } from './stop-signal.ts'

const DEFAULT_METHODS = 'freshet,popularity,decayed-popularity,ar,sr,item-knn'

export const evaluateVerb: Command = {
  name: 'evaluate',
  summary: 'measure how good lists are: the whole graph and other methods, on any log of events',
  usage: '(--events FILE | --train FILE --test FILE | --data NAME | --suite all) [flags]',
  arguments: [0, 0],
  flags: {
    ...logFlags,
    train: { kind: 'text', value: 'FILE,…', means: 'instead of --events, with --test: what is learned first' },
    test: { kind: 'text', value: 'FILE', means: 'what is asked for, with --train' },
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
    const [main, split] = [metricOf(call), splitOf(call)]
    const options = {
      protocol: call.text('protocol') ?? 'prequential',
      methods: words(call.text('methods') ?? DEFAULT_METHODS),
      ks: words(call.text('k') ?? '10,20').map(kOf),
      seed: call.number('seed') ?? 1,
      ...(main !== undefined && { main }),
      ...(split !== undefined && { split }),
      ...(call.text('targets') !== undefined && { targets: words(call.text('targets') ?? '') }),
    }
    const log = await readLog(call)
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
