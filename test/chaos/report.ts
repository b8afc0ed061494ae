/** One table of what came of each fault. */
import type { Fault } from './fault.ts'

/** One run of one fault. */
export interface Outcome {
  readonly fault: Fault
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly answers: number
  readonly errors: number
  readonly blanks: number
  /** From the end of the cause until a new event of every partition was in a list; undefined where nothing heals. */
  readonly healMs: number | undefined
  /** Everything else that is not as it should be, in sentences. */
  readonly wrong: readonly string[]
}

export const isBad = ({ lost, doubled, errors, blanks, wrong }: Outcome): boolean =>
  lost + doubled + errors + blanks + wrong.length > 0

export const isClean = (outcomes: readonly Outcome[]): boolean => outcomes.length > 0 && !outcomes.some(isBad)

/** As soon as it is known: the table comes at the very end. */
export function sentenceOf(outcome: Outcome): string {
  const { fault, records, lost, doubled, errors, blanks, wrong, healMs } = outcome
  if (isBad(outcome))
    return `${lost} lost, ${doubled} doubled, ${wrong.length} wrong, ${errors} errors, ${blanks} blanks, of ${records} records`
  if (fault.isRefused) return 'refused by name'
  return `clean, ${records} records, healed in ${((healMs ?? 0) / 1000).toFixed(1)} s`
}

const HEAD = ['fault', 'runs', 'records', 'lost', 'doubled', 'wrong', 'answers', 'errors', 'blanks', 'heal s']

/** @returns lines; a row a fault, in the order of `outcomes`, and one for all */
export function tableOf(outcomes: readonly Outcome[]): string[] {
  const byFault = new Map<string, Outcome[]>()
  for (const outcome of outcomes) byFault.set(outcome.fault.name, [...(byFault.get(outcome.fault.name) ?? []), outcome])
  const rows = [HEAD, ...[...byFault].map(([name, runs]) => rowOf(name, runs)), rowOf('all', outcomes)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}

function rowOf(name: string, runs: readonly Outcome[]): string[] {
  const sum = (of: (run: Outcome) => number) => String(runs.reduce((total, run) => total + of(run), 0))
  return [
    name,
    String(runs.length),
    sum(run => run.records),
    sum(run => run.lost),
    sum(run => run.doubled),
    sum(run => run.wrong.length),
    sum(run => run.answers),
    sum(run => run.errors),
    sum(run => run.blanks),
    healed(runs),
  ]
}

/** Median, and the longest where there are several. */
function healed(runs: readonly Outcome[]): string {
  const times = runs.flatMap(run => (run.healMs === undefined ? [] : [run.healMs]))
  if (times.length === 0) return runs.length > 0 && runs.every(run => run.fault.isRefused) ? 'refused' : '–'
  const sorted = times.toSorted((a, b) => a - b)
  const seconds = (ms: number | undefined) => ((ms ?? 0) / 1000).toFixed(1)
  const median = seconds(sorted[sorted.length >> 1])
  return times.length === 1 ? median : `${median} (≤ ${seconds(sorted.at(-1))})`
}
