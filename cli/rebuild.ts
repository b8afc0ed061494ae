/** `freshet rebuild`: all that is computed, anew from the sources, beside what is live; then the switch. */
import type { Comparison } from '../connectors/redis/compare-lists.ts'
import { loadConfig } from '../topology/config.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { dropOld } from './rebuild-drop.ts'
import { Rebuild, type RebuildTarget } from './rebuild-run.ts'

export const rebuild: Command = {
  name: 'rebuild',
  summary: 'compute everything anew from the sources beside the live state, compare, and switch at once',
  usage: '[--compare] [--switch] | --drop-old [flags]',
  arguments: [0, 0],
  flags: {
    compare: { kind: 'switch', means: 'compare the lists of both once the new generation has caught up' },
    switch: { kind: 'switch', means: 'make it the live one then, and go on running it until Ctrl-C' },
    'drop-old': { kind: 'switch', means: 'delete topics and Redis keys of the generations before the live one' },
    'redis-db': {
      kind: 'number',
      value: 'N',
      means: 'empty database of Redis to fill; default the one after the live one',
    },
    json: { kind: 'switch', means: 'print results as JSON, one object a line' },
  },
  details:
    'Runs with the present options and the present release, whatever the live processes run with. Ctrl-C is safe: the next call\ngoes on where this one stopped. On Kafka with Redis; see docs/operations.md, Rebuild.',
  examples: ['npx freshet rebuild --compare', 'npx freshet rebuild --switch', 'npx freshet rebuild --drop-old'],
  async run(call) {
    const target = targetOf(call)
    if (!call.isSet('drop-old')) return new Rebuild(target, call, shownComparison).run()
    if (call.isSet('switch') || call.isSet('compare'))
      throw new UsageError('--drop-old stands alone: the old generation is needed until its processes have ended')
    return dropOld(target, call)
  },
}

function targetOf(call: Call): RebuildTarget {
  const config = loadConfig(call.env)
  if (config.isEmbedded)
    throw new UsageError('rebuild works on Kafka; for the embedded log see docs/operations.md, State mismatch')
  const { redisUrl } = config
  if (redisUrl === undefined) throw new UsageError('rebuild fills Redis beside the live keys: set FRESHET_REDIS_URL')
  const spare = call.number('redis-db')
  if (spare !== undefined && (!Number.isInteger(spare) || spare < 0))
    throw new UsageError(`--redis-db: wanted a whole number of at least 0, got ${spare}`)
  return { config, redisUrl, spare }
}

function shownComparison(one: Comparison): string[] {
  const n = (count: number) => count.toLocaleString('en-US')
  const lines = [
    `${one.keys}: ${n(one.equal)} of ${n(one.compared)} lists are equal, mean overlap@10 ${one.meanOverlap.toFixed(3)}; ${n(one.onlyBefore)} only before, ${n(one.onlyAfter)} only after`,
  ]
  for (const { key, overlap, before, after } of one.examples)
    lines.push(
      `  ${key}: overlap ${overlap.toFixed(2)}`,
      `    before ${before.slice(0, 10).join(' ')}`,
      `    after  ${after.slice(0, 10).join(' ')}`,
    )
  return lines
}
