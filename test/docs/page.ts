/** Pages of the documents, read for what can be held against the code. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const pageOf = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

/**
 * @param head - text of the first column's head; the first table of the page that has it is meant
 * @returns cells of each row, without head and rule
 */
export function tableRows(path: string, head: string): string[][] {
  const lines = pageOf(path).split('\n')
  const from = lines.findIndex(line => line.startsWith(`| ${head} |`))
  if (from < 0) throw new Error(`${path}: no table whose first column is called ${head}`)
  const length = lines.slice(from).findIndex(line => !line.startsWith('|'))
  const table = lines.slice(from + 2, length < 0 ? undefined : from + length)
  return table.map(line =>
    line
      .slice(1, -1)
      .split(' | ')
      .map(cell => cell.trim()),
  )
}

export interface Block {
  /** After the fence: `sh`, `js`, `json`, … */
  readonly language: string
  readonly text: string
  /** The nearest heading above it, without its #. */
  readonly heading: string
}

/** @returns fenced blocks of a page, in order */
export function blocksOf(path: string): Block[] {
  const blocks: Block[] = []
  let heading = ''
  let open: { language: string; lines: string[] } | undefined
  for (const line of pageOf(path).split('\n')) {
    if (line.startsWith('```')) {
      if (open) blocks.push({ language: open.language, text: open.lines.join('\n'), heading })
      open = open ? undefined : { language: line.slice(3).trim(), lines: [] }
    } else if (open) open.lines.push(line)
    else if (line.startsWith('#')) heading = line.replace(/^#+\s*/, '')
  }
  if (open) throw new Error(`${path}: a fenced block under ${heading} is not closed`)
  return blocks
}
