/** The command line of `npm run chaos`. */
import { parseArgs } from 'node:util'
import type { Fault } from './fault.ts'
import { faults } from './faults/all.ts'

const DAY_MS = 86_400_000
const SHARE = 8
/** With the last fault, which takes under a minute, that is six. */
const SHARE_MINUTES = 5
const LONG_MINUTES = 60

export const HELP = `npm run chaos [-- flags]

  A shop on a real broker, registry and Redis, with worker processes, a read API that is asked all the time, and traffic; faults,
  one after the other; and after each, at rest, a look by others than Freshet: kcat reads the log, a recount in plain code and SQL
  tell what should stand in state and tables, and Redis is held against the tables. Ends with 1 where an event was lost or
  counted twice, a row differs, a process ended by itself, or the API answered with an error or with nothing.
  Times are printed and never judged. A machine whose processes are all stopped meanwhile uses no limit up.

Flags:
  --short          ${SHARE} faults, others every day, begun within ${SHARE_MINUTES} minutes; the default
  --date DAY       those of that day, as 2026-01-31; default today, UTC
  --faults a,b     these faults, by name
  --long           all faults, again and again, for ${LONG_MINUTES} minutes
  --minutes N      begin no fault after N minutes
  --rounds N       every fault so many times; default 1, with --long as many as there is time for
  --seed S         of traffic and faults; default: the number of the day since 1970
  --workers N      processes that run all stages; default 2
  --rate N         events a second; default 150
  --plant DEFECT   a defect in every worker, which the run must find: no-rollback, old-progress, lost-page, torn-sink
  --json FILE      write the table to this file too
  --list           name the faults and say what they do
  --help

A run with the same seed and faults sends the same events and strikes at the same steps; when they come is up to the machine.
`

export interface Options {
  /** Days since 1970, by which the faults of a short run are chosen. */
  readonly day: number
  readonly faults: readonly Fault[]
  /** Infinity for as many as there is time for. */
  readonly rounds: number
  readonly untilMs: number
  readonly seed: number
  readonly workers: number
  readonly perSecond: number
  readonly plant: string | undefined
  readonly jsonFile: string | undefined
}

/** @returns a text to print where that is all that was asked for. @throws UsageError */
export function optionsOf(args: readonly string[], nowMs: number): Options | string {
  const { values } = parse(args)
  if (values.help) return HELP
  if (values.list) return listed()
  const day = values.date === undefined ? Math.floor(nowMs / DAY_MS) : dayOf(values.date)
  const isLong = values.long ?? false
  const isChosen = values.faults !== undefined
  const forms = ['short', 'long', 'faults'].filter(name => name in values)
  if (forms.length > 1) throw new UsageError(`wanted one of --${forms.join(', --')}, got them together`)
  const minutes =
    numberOf('minutes', values.minutes) ?? (isLong ? LONG_MINUTES : isChosen ? Number.POSITIVE_INFINITY : SHARE_MINUTES)
  return {
    day,
    faults: isChosen ? named(values.faults ?? '') : isLong ? faults : shareOf(day),
    rounds:
      numberOf('rounds', values.rounds) ?? (isLong || (isChosen && values.minutes) ? Number.POSITIVE_INFINITY : 1),
    untilMs: nowMs + minutes * 60_000,
    seed: numberOf('seed', values.seed) ?? day,
    workers: numberOf('workers', values.workers) ?? 2,
    perSecond: numberOf('rate', values.rate) ?? 150,
    plant: values.plant,
    jsonFile: values.json,
  }
}

export class UsageError extends Error {}

/** As `--date` takes it. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        faults: text,
        minutes: text,
        rounds: text,
        seed: text,
        workers: text,
        rate: text,
        json: text,
        plant: text,
        date: text,
        short: flag,
        long: flag,
        list: flag,
        help: flag,
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The faults of a day: the next ones of the list every day, from its beginning again after its end. */
export function shareOf(day: number): Fault[] {
  return Array.from({ length: SHARE }, (_, index) => faults[(day * SHARE + index) % faults.length] as Fault)
}

function named(list: string): Fault[] {
  return list.split(',').map(name => {
    const found = faults.find(fault => fault.name === name)
    if (!found)
      throw new UsageError(`--faults: no such fault: ${name}; wanted ${faults.map(one => one.name).join(', ')}`)
    return found
  })
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0)
    throw new UsageError(`--${name}: wanted a number above 0, got ${JSON.stringify(text)}`)
  return number
}

/** @returns days since 1970 */
function dayOf(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new UsageError(`--date: wanted a day as 2026-01-31, got ${JSON.stringify(text)}`)
  return ms / DAY_MS
}

const listed = (): string =>
  `${faults.map(({ number, name, about }) => `${String(number).padStart(2)}  ${name.padEnd(24)} ${about}`).join('\n')}\n`
