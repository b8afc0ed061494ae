/** `freshet tune`: searches the parameters of a method on a validation slice, and never looks at the test slice. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { Progress } from '../connectors/progress.ts'
import { mainMetric } from '../experiments/evaluate-methods.ts'
import { methodNames, methodOf, nameWith, spaceOf } from '../experiments/methods.ts'
import { plainTable } from '../experiments/report-table.ts'
import { protocolOf } from '../experiments/protocols/protocols.ts'
import { type SearchHead, searchOf, type Trial } from '../experiments/tune.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { logFlags, metricOf, readLog } from './evaluate-flags.ts'
import { stopSignal } from './stop-signal.ts'

const SHOWN = 10

export const tuneVerb: Command = {
  name: 'tune',
  summary: 'search the parameters of a method on a slice of a log before its test slice',
  usage: '(--events FILE | --data NAME) --method NAME [flags]',
  arguments: [0, 0],
  flags: {
    ...logFlags,
    method: { kind: 'text', value: 'NAME', means: `${methodNames.join(', ')}` },
    protocol: { kind: 'text', value: 'NAME', means: 'as of evaluate; default split' },
    metric: { kind: 'text', value: 'NAME@K', means: 'what is searched for the greatest; default that of the protocol' },
    trials: { kind: 'number', means: 'points of the space that are tried, the defaults first; default 30' },
    'test-share': { kind: 'number', means: 'share of the events at the end that is not looked at; default 0.1' },
    'validation-share': { kind: 'number', means: 'share of the others that is asked for; default 0.1' },
    state: { kind: 'text', value: 'FILE', means: 'trials as they end; a search that was stopped goes on there' },
    seed: { kind: 'number', means: 'of the points that are tried; default 1' },
    json: { kind: 'switch', means: 'print the trials as one JSON object, the best first' },
  },
  details:
    'Give --test-share 0 where the file holds no test slice. The best is told as evaluate --methods takes it; parameters of freshet\nare options of a process: pairHalfLifeMs is FRESHET_PAIR_HALF_LIFE_MS.',
  examples: [
    'npx freshet tune --data movietweetings --method item-knn --state search.jsonl',
    'npx freshet tune --events clicks.csv.gz --map visitorId=user,itemId=sku,occurredAt=time --method freshet --protocol session --trials 20',
  ],
  async run(call) {
    const method = call.text('method')
    if (method === undefined) throw new UsageError(`--method: wanted one of ${methodNames.join(', ')}`)
    try {
      return await tune(call, method)
    } catch (error) {
      throw error instanceof RangeError ? new UsageError(error.message) : error
    }
  },
}

async function tune(call: Call, method: string): Promise<number> {
  const space = spaceOf(method)
  const trials = call.number('trials') ?? 30
  if (!Number.isInteger(trials) || trials < 1)
    throw new UsageError(`--trials: wanted a whole number above 0, got ${trials}`)
  const log = await readLog(call)
  const protocol = call.text('protocol') ?? 'split'
  const seed = call.number('seed') ?? 1
  const main = metricOf(call) ?? mainMetric(protocolOf(protocol, log, { seed }).name)
  const done = new Map<number, Trial>()
  const signal = stopSignal(call.say)
  let progress: { readonly trial: number; readonly line: Progress } | undefined
  const search = searchOf(log, {
    method,
    create: (parameters, part, one) => methodOf(nameWith(method, parameters), part, one),
    space,
    protocol,
    main,
    trials,
    seed,
    testShare: shareOf(call, 'test-share', 0.1),
    validationShare: shareOf(call, 'validation-share', 0.1),
    done,
    signal,
    onProgress(trial, at, total) {
      if (progress?.trial !== trial)
        progress = { trial, line: new Progress({ label: `trial ${trial + 1} of ${trials}`, unit: 'events', stream: process.stderr, now: Date.now }) } // biome-ignore format: one line
      progress.line.update(at, total)
    },
  })
  const state = call.text('state')
  if (state !== undefined) for (const trial of resumed(state, search.head)) done.set(trial.trial, trial)
  if (done.size > 0) call.say(`${done.size} trials were done before`)
  try {
    for await (const trial of search.run()) {
      done.set(trial.trial, trial)
      if (state !== undefined) appendFileSync(state, `${JSON.stringify(trial)}\n`)
      call.say(`${nameWith(method, trial.parameters)}: ${trial.mean.toFixed(4)}`)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    if (state !== undefined) call.say('the same command goes on here')
    return 130
  }
  tell(call, method, search.head, [...done.values()])
  return 0
}

function tell(call: Call, method: string, head: SearchHead, trials: readonly Trial[]): void {
  const best = [...trials].sort((a, b) => b.mean - a.mean || a.trial - b.trial)
  if (call.isSet('json')) return void call.print(JSON.stringify({ ...head, trials: best }))
  call.print(`${head.metric} on ${head.validation} events of validation, ${head.protocol}`)
  const rows = best
    .slice(0, SHOWN)
    .map(({ parameters, mean, low, high }) => [
      nameWith(method, parameters),
      mean.toFixed(4),
      `${low.toFixed(4)}–${high.toFixed(4)}`,
    ])
  call.print(plainTable({ head: ['method', head.metric, '95 %'], rows }))
}

/** @throws UsageError where the file is of another search */
function resumed(path: string, head: SearchHead): Trial[] {
  if (!existsSync(path)) {
    writeFileSync(path, `${JSON.stringify(head)}\n`)
    return []
  }
  const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n')
  const found = JSON.parse(first || 'null') as unknown
  if (!isDeepStrictEqual(found, { ...head }))
    throw new UsageError(
      `${path} is of another search: wanted ${JSON.stringify(head)}, got ${first}; give another --state`,
    )
  // The last line of a process that was killed may be half a line; the next one must not go on in it.
  const whole = rest.filter(line => line.endsWith('}'))
  writeFileSync(path, [first, ...whole, ''].join('\n'))
  return whole.map(line => JSON.parse(line) as Trial)
}

function shareOf(call: Call, flag: string, usual: number): number {
  const share = call.number(flag) ?? usual
  if (!(share >= 0 && share < 1)) throw new UsageError(`--${flag}: wanted a share from 0 to below 1, got ${share}`)
  return share
}
