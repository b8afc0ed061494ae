/** The report of an evaluation as one page without scripts or links: tables, and plots as SVG drawn here. */
import { besideTable, ceilingTable, figuresTable, segmentTable, type Table } from './report-table.ts'
import { CEILING } from './report-markdown.ts'
import { barPlot, linePlot } from './report-plots.ts'
import type { EvaluationResult } from './result.ts'

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
td:first-child,th:first-child{text-align:left}tbody tr:first-child{background:#eef5ff}svg{max-width:100%;height:auto}code{font-size:.9em}`

export function htmlReport(result: EvaluationResult): string {
  const { data, protocol, about, main, seed, questions, unit, methods } = result
  const name = `${main.metric}@${main.k}`
  const segments = Object.keys(methods[0]?.segments ?? {})
  const ceilings = methods.flatMap(method => {
    const table = ceilingTable(method, main.k)
    return table
      ? [`<h2>What the sources of ${text(method.name)} could have answered</h2><p>${CEILING}</p>${tableOf(table)}`]
      : []
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${text(`${data.name}: ${protocol}`)}</title><style>${STYLE}</style></head><body>
<h1>${text(data.name)}: ${text(protocol)}</h1>
<p>${text(about)}</p>
<p>${data.events.toLocaleString('en-US')} events, ${data.users.toLocaleString('en-US')} users, ${data.sessions.toLocaleString('en-US')} sessions, ${data.items.toLocaleString('en-US')} items; ${questions.toLocaleString('en-US')} questions. Data <code>${data.hash}</code>, seed ${seed}.</p>
<h2>Figures</h2>
${tableOf(figuresTable(result))}
<p>Intervals are bootstrap 95 % intervals and p values those of a randomisation test, both by ${unit}.</p>
<h2>${name} over time</h2>
${linePlot(methods.map(method => ({ name: method.name, points: method.overTime.map(({ fromMs, mean }) => ({ atMs: fromMs, value: mean })) })))}
<h2>${name} by segment</h2>
${barPlot(
  segments,
  methods.map(method => ({ name: method.name, values: segments.map(segment => method.segments[segment]?.mean ?? 0) })),
)}
${tableOf(segmentTable(result))}
<h2>Beside accuracy</h2>
${tableOf(besideTable(result))}
${ceilings.join('\n')}
</body></html>
`
}

export const text = (plain: string): string => plain.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

const tableOf = ({ head, rows }: Table): string =>
  `<table><thead><tr>${head.map(cell => `<th>${text(cell)}</th>`).join('')}</tr></thead><tbody>${rows
    .map(row => `<tr>${row.map(cell => `<td>${text(cell)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table>`
