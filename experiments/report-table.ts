/** Figures as rows of text: what the terminal, the Markdown report and the page share. */
import type { EvaluationResult, MethodResult } from './result.ts'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export const number = (value: number | undefined, digits = 4): string =>
  value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits)

const pOf = (p: number): string => (p < 0.001 ? '< .001' : p.toFixed(3))
const mainName = ({ main }: EvaluationResult): string => `${main.metric}@${main.k}`

/** Metrics at the main k, with the interval of the main metric, and what the first method is ahead by. */
export function figuresTable(result: EvaluationResult): Table {
  const { k } = result.main
  const main = mainName(result)
  const others = ['HR', 'MRR', 'Recall', 'NDCG', 'MAP'].map(name => `${name}@${k}`).filter(name => name !== main)
  return {
    head: ['method', main, '95 %', ...others, `${result.methods[0]?.name} ahead by`, '95 %', 'p'],
    rows: result.methods.map(method => {
      const figure = method.figures[main]
      const against = method.firstAgainstThis
      return [
        method.name,
        number(figure?.mean),
        figure ? `${number(figure.low)}–${number(figure.high)}` : '–',
        ...others.map(name => number(method.figures[name]?.mean)),
        against ? number(against.difference) : '',
        against ? `${number(against.low)} to ${number(against.high)}` : '',
        against ? pOf(against.p) : '',
      ]
    }),
  }
}

/** Coverage, popularity, novelty and diversity of the lists. */
export const besideTable = (result: EvaluationResult): Table => ({
  head: ['method', 'coverage', 'popularity', 'novelty, bits', 'diversity', 'short lists'],
  rows: result.methods.map(({ name, beside }) => [
    name,
    number(beside.coverage, 3),
    number(beside.popularity, 3),
    number(beside.novelty, 2),
    number(beside.diversity, 3),
    `${number(100 * beside.short, 1)} %`,
  ]),
})

/** The main metric by segment. */
export function segmentTable(result: EvaluationResult): Table {
  const names = Object.keys(result.methods[0]?.segments ?? {})
  const counts = names.map(name => result.methods[0]?.segments[name]?.count ?? 0)
  return {
    head: [mainName(result), ...names.map((name, at) => `${name} (${counts[at]?.toLocaleString('en-US')})`)],
    rows: result.methods.map(method => [method.name, ...names.map(name => number(method.segments[name]?.mean))]),
  }
}

/** What each source could have answered, where a method tells of its sources. */
export function ceilingTable(method: MethodResult, k: number): Table | undefined {
  if (!method.ceiling) return undefined
  const hits = method.figures[`HR@${k}`]?.mean
  return {
    head: ['source', 'oracle hit rate'],
    rows: [
      ...Object.entries(method.ceiling).map(([source, share]) => [source, number(share)]),
      [`${method.name}, HR@${k}`, number(hits)],
    ],
  }
}

export function markdownTable({ head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** Columns aligned for a terminal. */
export function plainTable({ head, rows }: Table): string {
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map(row => (row[at] ?? '').length)))
  return all
    .map(row =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .map(line => line.trimEnd())
    .join('\n')
}
