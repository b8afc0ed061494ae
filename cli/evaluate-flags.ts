/** What `evaluate` and `tune` read from their command lines alike: the log, metrics, lists of words. */
import { existsSync } from 'node:fs'
import { dataSets } from '../connectors/mappings/all.ts'
import { eventFields } from '../experiments/event-columns.ts'
import type { EventLog } from '../experiments/event-log.ts'
import { metricNames } from '../experiments/figures.ts'
import { readDataSet, readEventFiles } from '../experiments/read-log.ts'
import type { MetricAt } from '../experiments/result.ts'
import { type Call, type Flag, UsageError } from './command.ts'
import { directoryOf } from './data-directory.ts'

export const logFlags = {
  events: { kind: 'text', value: 'FILE', means: 'a log in CSV, TSV (also as .txt) or JSONL, each also with .gz' },
  map: { kind: 'text', value: 'MAP', means: `field=column pairs; fields are ${eventFields.join(', ')}` },
  type: { kind: 'text', value: 'TYPE', means: 'interaction type of events where no column says; default view' },
  items: { kind: 'text', value: 'FILE', means: 'a catalogue, as freshet import takes it' },
  'item-map': { kind: 'text', value: 'MAP', means: 'as --map of freshet import' },
  data: { kind: 'text', value: 'NAME', means: `instead of a file, a data set: ${[...dataSets.keys()].join(', ')}` },
  directory: { kind: 'text', value: 'DIR', means: 'where the files of the data set are' },
  'min-value': { kind: 'number', means: 'only events whose value is at least this, say five stars' },
  limit: { kind: 'number', means: 'only the first N events' },
} as const satisfies Readonly<Record<string, Flag>>

/** Tells what was left out. @throws UsageError where the flags do not name one log */
export async function readLog(call: Call): Promise<EventLog> {
  const log = await read(call)
  for (const [reason, rows] of log.leftOut) call.say(`left out: ${rows.toLocaleString('en-US')} rows, ${reason}`)
  return log
}

async function read(call: Call): Promise<EventLog> {
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

export const words = (text: string): string[] => text.split(',').map(word => word.trim()).filter(word => word !== '') // biome-ignore format: one line

export function kOf(text: string): number {
  const k = Number(text)
  if (!Number.isInteger(k) || k < 1 || k > 100)
    throw new UsageError(`--k: wanted whole numbers from 1 to 100, got ${text}`)
  return k
}

/** @returns undefined where the flag is not given */
export function metricOf(call: Call): MetricAt | undefined {
  const text = call.text('metric')
  if (text === undefined) return undefined
  const [name = '', k = ''] = text.split('@')
  const metric = metricNames.find(one => one.toLowerCase() === name.toLowerCase())
  if (!metric) throw new UsageError(`--metric: wanted ${metricNames.join(', ')} and @K, got ${text}`)
  return { metric, k: kOf(k) }
}

/** @returns undefined where the flag is not given */
export function splitOf(call: Call): number | undefined {
  const split = call.number('split')
  if (split === undefined) return undefined
  if (!(split >= 0 && split < 1)) throw new UsageError(`--split: wanted a share from 0 to below 1, got ${split}`)
  return split
}
