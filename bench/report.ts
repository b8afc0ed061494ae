/** The frame of a bench: flags and help, what it ran on, figures as text and as JSON, a clean end on Ctrl-C. */
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { shownSpread, type Spread } from './percentiles.ts'

/** Between two lines of progress where they cannot be drawn over. */
const PLAIN_MS = 2_000

export interface Flag {
  readonly default: string
  readonly means: string
}

export interface Bench<Name extends string> {
  readonly flags: Readonly<Record<Name, string>>
  readonly signal: AbortSignal
  /** A number, or several with commas between. @throws where it is none */
  numbers(flag: Name): number[]
  number(flag: Name): number
  /** A line of the report, on stdout. */
  print(line?: string): void
  /** What happens meanwhile, on stderr; drawn over on a terminal. */
  progress(line: string): void
  figure(name: string, spread: Spread, unit: string, goal?: Goal): void
  /** Anything else for the JSON. */
  note(name: string, value: unknown): void
}

export interface Goal {
  readonly text: string
  isMet(median: number): boolean
}
export const atMost = (limit: number): Goal => ({ text: `≤ ${limit}`, isMet: value => value <= limit })
export const atLeast = (limit: number): Goal => ({ text: `≥ ${limit}`, isMet: value => value >= limit })

/**
 * @param about - one sentence on what is measured and how
 * @param work - the bench; what it opens it closes itself, in `finally`
 */
export async function bench<Name extends string>(
  about: string,
  flags: Readonly<Record<Name, Flag>>,
  work: (bench: Bench<Name>) => Promise<void>,
): Promise<void> {
  const all: Record<string, Flag> = { ...flags, json: { default: '', means: 'write the figures to this file too' } }
  const name = basename(process.argv[1] ?? 'bench', '.ts')
  const values = flagValues(name, all)
  const given = values as unknown as Readonly<Record<string, string>>
  if (values.help) {
    console.log(`node bench/${name}.ts [flags]\n\n${about}\n`)
    for (const [flag, { default: usual, means }] of Object.entries(all))
      console.log(`  --${flag.padEnd(18)} ${means}${usual === '' ? '' : `; default ${usual}`}`)
    return
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130)
      console.error('\nstopping; once more to stop at once')
      stop.abort()
    })
  const figures: Record<string, unknown> = {}
  const notes: Record<string, unknown> = {}
  let saidMs = Number.NEGATIVE_INFINITY
  const isDrawn = process.stderr.isTTY
  const clear = () => void (isDrawn && process.stderr.write('\r\x1b[2K'))
  const numbers = (flag: Name) =>
    (given[flag] ?? '').split(',').map(text => {
      const value = Number(text)
      if (text.trim() === '' || !Number.isFinite(value) || value < 0)
        throw new Error(`--${flag}: wanted a number, got ${JSON.stringify(text)}`)
      return value
    })
  const machine = machineOf()
  console.log(`bench/${name}: ${about}`)
  console.log(`${machine}; load before ${loadavg()[0]?.toFixed(1)}`)
  const shown = Object.keys(flags).map(flag => `--${flag} ${given[flag]}`)
  console.log(`${shown.join(' ')}\n`)
  await work({
    flags: given as Readonly<Record<Name, string>>,
    signal: stop.signal,
    numbers,
    number: flag => numbers(flag)[0] as number,
    print(line = '') {
      clear()
      console.log(line)
    },
    progress(line) {
      if (!isDrawn && performance.now() - saidMs < PLAIN_MS) return
      saidMs = performance.now()
      process.stderr.write(isDrawn ? `\r\x1b[2K${line}` : `${line}\n`)
    },
    figure(figure, spread, unit, goal) {
      clear()
      figures[figure] = { ...spread, unit, ...(goal && { goal: goal.text, isMet: goal.isMet(spread.median) }) }
      const verdict = goal ? `  goal ${goal.text}: ${goal.isMet(spread.median) ? 'met' : 'missed'}` : ''
      const digits = Math.abs(spread.median) >= 100 ? 0 : Math.abs(spread.median) < 1 ? 3 : 1
      console.log(`${figure.padEnd(54)} ${`${shownSpread(spread, digits)} ${unit}`.padEnd(34)}${verdict}`.trimEnd())
    },
    note(note, value) {
      notes[note] = value
    },
  })
  if (given.json)
    writeFileSync(
      given.json,
      `${JSON.stringify({ bench: name, machine, flags: given, figures, notes }, undefined, 2)}\n`,
    )
  if (stop.signal.aborted) process.exitCode = 130
}

/** Ends the process with a sentence where a flag is not known. */
function flagValues(name: string, all: Readonly<Record<string, Flag>>): Record<string, unknown> {
  const texts = Object.entries(all).map(([flag, one]) => [flag, { type: 'string' as const, default: one.default }])
  const help = { type: 'boolean' as const, default: false }
  try {
    return parseArgs({ options: { ...Object.fromEntries(texts), help } }).values
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\nsee node bench/${name}.ts --help`)
    process.exit(2)
  }
}

const machineOf = (): string => {
  const [first] = cpus()
  return `${cpus().length} cores${first ? ` (${first.model.trim()})` : ''}, Node ${process.version}, ${process.platform}`
}
