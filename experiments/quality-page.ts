/** Puts the tables of evaluations into docs/quality.md, each between its markers; what stands outside them is written by hand. */
import { besideTable, ceilingTable, figuresTable, markdownTable, segmentTable } from './report-table.ts'
import type { EvaluationResult } from './result.ts'

const begin = (name: string) => `<!-- ${name} -->`
const end = (name: string) => `<!-- /${name} -->`

/**
 * @param page - with the markers of `name`
 * @throws Error where they are missing
 */
export function withSection(page: string, name: string, result: EvaluationResult): string {
  const from = page.indexOf(begin(name))
  const to = page.indexOf(end(name))
  if (from < 0 || to < from) throw new Error(`docs/quality.md: wanted ${begin(name)} and ${end(name)} in it`)
  return `${page.slice(0, from)}${begin(name)}\n${section(result)}\n${page.slice(to)}`
}

export function section(result: EvaluationResult): string {
  const { data, protocol, main, seed, questions, methods } = result
  const ceilings = methods.flatMap(method => {
    const table = ceilingTable(method, main.k)
    return table ? [`What the sources of ${method.name} could have answered:`, markdownTable(table)] : []
  })
  return [
    `\`${protocol}\`: ${questions.toLocaleString('en-US')} questions out of ${data.events.toLocaleString('en-US')} events, ${data.users.toLocaleString('en-US')} users, ${data.items.toLocaleString('en-US')} items. Data \`${data.hash.slice(0, 16)}\`, seed ${seed}.`,
    markdownTable(figuresTable(result)),
    markdownTable(segmentTable(result)),
    markdownTable(besideTable(result)),
    ...ceilings,
  ].join('\n\n')
}
