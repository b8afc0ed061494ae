/** `freshet replay`: events of a data set or a JSONL file into interactions.v1. */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { existsSync, rmSync } from 'node:fs'
import { eventFile } from '../connectors/event-file.ts'
import type { DataSet } from '../connectors/data-set.ts'
import { dataSets } from '../connectors/mappings/all.ts'
import { Progress } from '../connectors/progress.ts'
import { replay } from '../connectors/replay.ts'
import { ReplayPosition } from '../connectors/replay-position.ts'
import { systemClock } from '../topology/clock.ts'
import { loadConfig } from '../topology/config.ts'
import { makeLogger, openFoundation } from './assemble.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { directoryOf } from './data-directory.ts'
import { replayFile } from './sample.ts'
import { stopSignal } from './stop-signal.ts'
import { withFlags } from './with-flags.ts'

export const replayVerb: Command = {
  name: 'replay',
  summary: 'replay the events of a data set or of a JSONL file, as fast as possible or at a factor of real time',
  usage: '<data set | FILE.jsonl> [flags]',
  arguments: [1, 1],
  flags: {
    data: { kind: 'text', value: 'DIR', means: 'where the files of the data set are' },
    'shift-to-now': { kind: 'switch', means: 'move all times by one constant, so that the newest event is now' },
    speed: {
      kind: 'number',
      value: 'FACTOR',
      means: 'of real time: 60 plays an hour in a minute; default as fast as possible',
    },
    limit: { kind: 'number', value: 'N', means: 'stop after the first N events' },
    format: {
      kind: 'text',
      value: 'avro|json',
      means: 'how events are written; default avro',
      among: ['avro', 'json'],
    },
    restart: { kind: 'switch', means: 'begin at the first event again, not where the last replay stopped' },
    'data-dir': { kind: 'text', value: 'DIR', means: 'data directory, instead of FRESHET_DATA_DIR' },
    json: { kind: 'switch', means: 'print the result as one JSON object' },
  },
  details: `Ctrl-C is safe: the next replay of the same source goes on where this one stopped, with the same shift.\nData sets:\n${[...dataSets.values()].map(one => `  ${one.name}: ${one.about}`).join('\n')}`,
  examples: [
    'npx freshet replay movietweetings --shift-to-now',
    'npx freshet replay kuairand --data ./kuairand-pure-standard --speed 3600',
    'npx freshet replay events.jsonl.gz --limit 1000',
  ],
  async run(call) {
    const source = sourceOf(call)
    const speed = call.number('speed')
    const limit = call.number('limit')
    if (speed !== undefined && speed <= 0) throw new UsageError(`--speed: wanted a number above 0, got ${speed}`)
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
      throw new UsageError(`--limit: wanted a whole number above 0, got ${limit}`)
    const config = loadConfig(withFlags(call, { 'data-dir': 'FRESHET_DATA_DIR' }))
    const parts = await openFoundation(config, makeLogger('warn'), { mode: 'once' })
    const signal = stopSignal(call.say)
    const path = replayFile(config, source.name)
    if (call.isSet('restart')) rmSync(path, { force: true })
    const progress = new Progress({ label: 'replay', unit: 'events', stream: process.stderr, now: Date.now })
    let leftOut = new Map<string, number>()
    try {
      const result = await replay({
        events: () => {
          leftOut = new Map()
          return source.set.events(source.directory, leftOut)
        },
        log: parts.log,
        wire: parts.wire,
        namespace: config.namespace,
        format: call.text('format') === 'json' ? 'json' : 'avro',
        position: new ReplayPosition(path),
        shiftToNow: call.isSet('shift-to-now'),
        ...(speed !== undefined && { speed }),
        ...(limit !== undefined && { limit }),
        clock: systemClock,
        onProgress: (done, total) => progress.update(done, total),
        signal,
      })
      progress.end(result.done, result.total)
      for (const [reason, rows] of leftOut) call.say(`left out: ${rows.toLocaleString('en-US')} rows, ${reason}`)
      call.print(
        call.isSet('json')
          ? JSON.stringify({ ...result, leftOut: Object.fromEntries(leftOut) })
          : `${result.sent} events sent, ${result.done} of ${result.total} are in the log`,
      )
      if (signal.aborted && result.done < result.total) call.say('the next replay of it goes on here')
      return 0
    } finally {
      await parts.close()
    }
  },
}

function sourceOf(call: Call): { name: string; directory: string; set: DataSet } {
  const [source = ''] = call.arguments
  const set = dataSets.get(source)
  if (set) return { name: set.name, directory: directoryOf(set, call.text('data')), set }
  if (!/\.(jsonl|ndjson)(\.gz)?$/.test(source))
    throw new UsageError(`${source}: wanted a .jsonl file or one of ${[...dataSets.keys()].join(', ')}`)
  const path = resolve(source)
  if (!existsSync(path)) throw new UsageError(`${source}: no such file`)
  // Two files of one name in different directories are two replays.
  const mark = createHash('sha256').update(path).digest('hex').slice(0, 8)
  return { name: `${basename(path)}.${mark}`, directory: path, set: eventFile }
}
