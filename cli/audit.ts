/** `freshet audit`: the interactions counted again by other code, beside the committed state. */
import { audit as recount, type AuditResult } from '../audit/audit.ts'
import { type Difference, shown } from '../audit/rows.ts'
import { Progress } from '../connectors/progress.ts'
import { topicName } from '../schemas/topics.ts'
import { loadConfig } from '../topology/config.ts'
import type { Stage } from '../topology/graph.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { stopSignal } from './stop-signal.ts'
import { withFlags } from './with-flags.ts'

const LIMIT = 20
const STAGES = ['user', 'item'] as const

export const audit: Command = {
  name: 'audit',
  summary: 'count the log again by other code, and compare with the committed state',
  usage: '[flags]',
  arguments: [0, 0],
  flags: {
    stage: { kind: 'text', value: STAGES.join('|'), means: 'only the stores of this stage', among: STAGES },
    limit: { kind: 'number', value: 'N', means: `differences to print, the others are counted; default ${LIMIT}` },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    json: { kind: 'switch', means: 'one JSON object a line: every difference, then every store, then the whole' },
  },
  details:
    'Reads interactions.v1 from its beginning; the chain may run meanwhile, state is compared as of its own progress.\nNothing is changed. The exit code is 1 where a row differs. Rows that overflowed their bound are left out and counted.',
  examples: ['npx freshet audit', 'npx freshet audit --stage item --json'],
  async run(call) {
    const limit = call.number('limit') ?? LIMIT
    if (!Number.isInteger(limit) || limit < 0)
      throw new UsageError(`--limit: wanted a whole number of at least 0, got ${limit}`)
    const config = loadConfig(withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' }))
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once', isReader: true })
    const signal = stopSignal(call.say)
    const progress = new Progress({ label: 'audit', unit: 'interactions', stream: process.stderr, now: Date.now })
    const differences: (Difference & { readonly stage: string })[] = []
    let [done, total] = [0, 0]
    try {
      const { log, wire, topology } = parts
      const result = await recount({
        log,
        wire,
        nameOf: topic => topicName(topic, parts.config.namespace),
        folds: config.folds,
        user: stageOf(topology.stages, 'user'),
        item: stageOf(topology.stages, 'item'),
        only: STAGES.find(stage => stage === call.text('stage')),
        signal,
        onProgress(nowDone, nowTotal) {
          ;[done, total] = [nowDone, nowTotal]
          progress.update(done, total)
        },
        onDifference: one => void (differences.length < limit && differences.push(one)),
      })
      progress.end(done, total)
      return call.isSet('json') ? printJson(call, result, differences) : printText(call, result, differences)
    } catch (error) {
      if (!signal.aborted) throw error
      call.say('stopped before the end: nothing was compared')
      return 1
    } finally {
      await parts.close()
    }
  },
}

function stageOf(stages: readonly Stage[], name: string): Stage {
  const stage = stages.find(one => one.name === name)
  if (!stage) throw new Error(`the graph has no stage ${name}`)
  return stage
}

const sumOf = (result: AuditResult): number => result.stores.reduce((sum, store) => sum + store.differences, 0)
const exitCode = (result: AuditResult): number => (sumOf(result) > 0 ? 1 : 0)

function printJson(call: Call, result: AuditResult, differences: readonly Difference[]): number {
  for (const one of differences) call.print(JSON.stringify({ kind: 'difference', ...one }))
  const { stores, ...whole } = result
  for (const store of stores) call.print(JSON.stringify({ kind: 'store', ...store }))
  call.print(JSON.stringify({ kind: 'whole', ...whole, differences: sumOf(result) }))
  return exitCode(result)
}

function printText(call: Call, result: AuditResult, differences: readonly (Difference & { stage: string })[]): number {
  const n = (count: number) => count.toLocaleString('en-US')
  for (const one of differences) call.print(shown(one))
  const sum = sumOf(result)
  if (sum > differences.length) call.print(`and ${n(sum - differences.length)} more`)
  let stage = ''
  for (const one of result.stores) {
    if (one.stage !== stage) call.print(`${one.stage} stage`)
    stage = one.stage
    const verdict = one.differences === 0 ? 'equal' : `${n(one.differences)} differ`
    const left = one.overflowed > 0 ? `, ${n(one.overflowed)} overflowed and left out` : ''
    call.print(`  ${one.store}: ${n(one.rows)} rows${left}: ${verdict}`)
  }
  if (result.takenOver > 0)
    call.print(`${n(result.takenOver)} interactions were set aside for what cannot be found again, as rejected.v1 says`)
  if (result.cut.length > 0)
    call.print(
      `interactions.v1 no longer begins at offset 0 in partitions ${result.cut.join(', ')}: rows that are older may differ`,
    )
  call.print(
    `${n(result.interactions)} interactions counted again: ${sum === 0 ? 'no difference' : `${n(sum)} differences`}`,
  )
  return exitCode(result)
}
