/** `freshet redrive`: drives in again what was set aside, once the reason is mended. */
import { Progress } from '../connectors/progress.ts'
import { type LeftOut, REDRIVABLE, redrive as drive, type RedriveResult, rejectedCodes } from '../connectors/redrive.ts'
import { errors } from '../schemas/errors.ts'
import { topicName, topics } from '../schemas/topics.ts'
import { loadConfig } from '../topology/config.ts'
import { INCARNATIONS, readIncarnations } from '../topology/incarnations.ts'
import { FencedError } from '../topology/log-port.ts'
import { appOf } from '../topology/runner.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, didYouMean, UsageError } from './command.ts'
import { stopSignal } from './stop-signal.ts'
import { timeOf } from './time-of.ts'
import { withFlags } from './with-flags.ts'

const CODES = Object.entries(errors).flatMap(([code, { fate }]) => (fate === 'set aside' ? [code] : []))
const SOURCES = REDRIVABLE.map(topic => topic.name)

/** What can be done about records that were left out. */
const WHY: Readonly<Record<LeftOut, string>> = {
  'driven before': 'they were driven in before',
  'refused again': 'they were driven in before and refused again; --again drives them once more',
  'bytes at its source only': 'rejected.v1 does not hold their bytes or key, which are too large for it',
  'a frame of signals': 'frames of signals.v1 cannot be driven in: rebuild the state instead',
  'newer value': 'their item has a newer value',
}

export const redrive: Command = {
  name: 'redrive',
  summary: 'drive records of rejected.v1 in again, with their original bytes and append time',
  usage: '[--code CODE] [flags]',
  arguments: [0, 0],
  flags: {
    code: { kind: 'text', value: 'CODE', means: 'what they were refused for; without it, shows which codes there are' },
    topic: { kind: 'text', value: 'TOPIC', means: `only what came from this topic: ${SOURCES.join(', ')}` },
    since: {
      kind: 'text',
      value: 'TIME',
      means: 'only what was set aside then or later; a date or ms since the epoch',
    },
    limit: { kind: 'number', value: 'N', means: 'at most so many' },
    again: { kind: 'switch', means: 'also what was driven in before and refused again' },
    'dry-run': { kind: 'switch', means: 'only say how many there are' },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    json: { kind: 'switch', means: 'print the result as one JSON object' },
  },
  details:
    'A record is driven in once, however often this is called and wherever it was stopped. Admission goes by its original\nappend time. A misplaced interaction goes to the partition of its visitor.',
  examples: ['npx freshet redrive', 'npx freshet redrive --code MISPLACED_KEY --dry-run'],
  async run(call) {
    const asked = askedOf(call)
    const config = loadConfig(withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' }))
    const isReader = asked.code === undefined || asked.isDryRun
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once', isReader })
    const signal = stopSignal(call.say)
    const progress = new Progress({ label: 'redrive', unit: 'looked at', stream: process.stderr, now: Date.now })
    const nameOf = (topic: { readonly name: string }) => topicName(topic, parts.config.namespace)
    const onProgress = (done: number, total: number) => progress.update(done, total)
    const { log, wire } = parts
    try {
      const { code } = asked
      if (code === undefined) return showCodes(call, await rejectedCodes({ log, wire, nameOf, signal, onProgress }))
      const generations = await readIncarnations(log, nameOf({ name: INCARNATIONS }))
      const generation = generations.get(nameOf(topics.rejected)) ?? 0
      const lease = `${appOf(parts.config.namespace)}.redrive`
      const result = await drive({ log, wire, nameOf, generation, lease, ...asked, code, signal, onProgress })
      show(call, result, asked.isDryRun)
      if (signal.aborted) call.say('stopped before the end; the next call goes on')
      return signal.aborted ? 1 : 0
    } catch (error) {
      if (!(error instanceof FencedError)) throw error
      throw new Error('another redrive began meanwhile; what was driven before stays driven', { cause: error })
    } finally {
      await parts.close()
    }
  },
}

function askedOf(call: Call) {
  const code = call.text('code')
  if (code !== undefined && !CODES.includes(code))
    throw new UsageError(`--code: ${code}: no such code${didYouMean(code, CODES)}; wanted ${CODES.join(', ')}`)
  const name = call.text('topic')
  const source = REDRIVABLE.find(topic => topic.name === name || topic.name === `${name}.v1`)
  if (name !== undefined && !source)
    throw new UsageError(`--topic: ${name}: wanted ${SOURCES.join(' or ')}${didYouMean(name, SOURCES)}`)
  const limit = call.number('limit')
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw new UsageError(`--limit: wanted a whole number above 0, got ${limit}`)
  const since = call.text('since')
  return {
    code,
    source,
    limit,
    sinceMs: since === undefined ? undefined : timeOf('--since', since),
    isAgain: call.isSet('again'),
    isDryRun: call.isSet('dry-run'),
  }
}

const grouped = (n: number) => n.toLocaleString('en-US')

function showCodes(call: Call, codes: ReadonlyMap<string, number>): number {
  if (call.isSet('json')) call.print(JSON.stringify(Object.fromEntries(codes)))
  else if (codes.size === 0) call.print('nothing was set aside')
  else for (const [code, count] of [...codes].sort(([, a], [, b]) => b - a)) call.print(`${code} ${grouped(count)}`)
  return 0
}

function show(call: Call, result: RedriveResult, isDryRun: boolean): void {
  if (call.isSet('json')) {
    call.print(JSON.stringify({ ...result, dryRun: isDryRun }))
    return
  }
  const driven = Object.entries(result.driven)
  const verb = isDryRun ? 'would be driven in again' : 'driven in again'
  if (driven.length === 0) call.print(`nothing ${verb}`)
  for (const [topic, count] of driven) call.print(`${topic}: ${grouped(count)} ${verb}`)
  for (const [why, count] of Object.entries(result.leftOut) as [LeftOut, number][])
    call.print(`left out: ${grouped(count)}, ${WHY[why]}`)
}
