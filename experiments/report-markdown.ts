/** The report of an evaluation as Markdown; no time of the day, no machine, so that it is the same again. */
import { besideTable, ceilingTable, figuresTable, markdownTable, number, segmentTable } from './report-table.ts'
import type { EvaluationResult } from './result.ts'

export function markdownReport(result: EvaluationResult): string {
  const { data, protocol, about, main, seed, questions, unit } = result
  const left = Object.entries(data.leftOut).map(([reason, rows]) => `${rows.toLocaleString('en-US')} rows: ${reason}`)
  const ceilings = result.methods.flatMap(method => {
    const table = ceilingTable(method, main.k)
    return table ? [`## What the sources of ${method.name} could have answered`, CEILING, markdownTable(table)] : []
  })
  return `${[
    `# ${data.name}: ${protocol}`,
    about,
    `${data.events.toLocaleString('en-US')} events, ${data.users.toLocaleString('en-US')} users, ${data.sessions.toLocaleString('en-US')} sessions, ${data.items.toLocaleString('en-US')} items; ${questions.toLocaleString('en-US')} questions. Data \`${data.hash.slice(0, 16)}\`, seed ${seed}.${left.length > 0 ? ` Left out: ${left.join('; ')}.` : ''}`,
    '## Figures',
    markdownTable(figuresTable(result)),
    `Intervals are bootstrap 95 % intervals and p values those of a randomisation test, both by ${unit}.`,
    `## ${main.metric}@${main.k} by segment`,
    markdownTable(segmentTable(result)),
    'A user is new with no known item, light with 1 to 19, heavy from 20 on. An item is new in the day after it is first met, head among those that have half of all interactions, tail else.',
    '## Beside accuracy',
    markdownTable(besideTable(result)),
    ...ceilings,
    `## ${main.metric}@${main.k} over time`,
    overTime(result),
    '',
  ].join('\n\n')}`.replace(/\n+$/, '\n')
}

export const CEILING =
  'The share of questions for which a source had a relevant item among the candidates stored with the list. No ranking of these candidates can do better than the union.'

function overTime({ methods }: EvaluationResult): string {
  const parts = methods[0]?.overTime ?? []
  return markdownTable({
    head: ['from', ...methods.map(method => method.name)],
    rows: parts.map(({ fromMs }, at) => [
      new Date(fromMs).toISOString().slice(0, 16).replace('T', ' '),
      ...methods.map(method => number(method.overTime[at]?.mean)),
    ]),
  })
}
