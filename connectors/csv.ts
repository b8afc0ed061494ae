/**
 * CSV as RFC 4180 has it: fields may be quoted, a quoted field may hold separators, line breaks and doubled quotes. A
 * quote that never closes spoils its own line only: after MAX_LINES it is reported and reading goes on behind it.
 */
const MAX_LINES = 200

/** `line` is where the record starts, from 1. */
export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string }

/** @param lines - without their ends. Empty lines are left out. @param separator - one character */
export async function* csvRecords(
  lines: AsyncIterable<string> | Iterable<string>,
  separator = ',',
): AsyncGenerator<CsvRecord> {
  let line = 0
  let waiting: string[] = [] // lines of a record whose quote is still open
  for await (const text of lines) {
    line++
    if (waiting.length === 0 && !text.includes('"')) {
      if (text !== '') yield { line, fields: text.split(separator) }
      continue
    }
    waiting.push(text)
    const start = line - waiting.length + 1
    const record = parse(waiting.join('\n'), separator)
    if (record !== 'open') {
      waiting = []
      yield typeof record === 'string' ? { line: start, problem: record } : { line: start, fields: record }
    } else if (waiting.length === MAX_LINES) {
      const again = waiting
      waiting = []
      yield* giveUp(again, start, separator)
    }
  }
  if (waiting.length > 0) yield* giveUp(waiting, line - waiting.length + 1, separator)
}

/** The first line is bad; those behind it are read on their own. */
async function* giveUp(lines: readonly string[], start: number, separator: string): AsyncGenerator<CsvRecord> {
  yield { line: start, problem: 'a quote is opened and never closed' }
  for await (const record of csvRecords(lines.slice(1), separator)) yield { ...record, line: record.line + start }
}

/** @returns the fields, 'open' while a quote is open at the end, or what is wrong */
function parse(text: string, separator: string): string[] | 'open' | (string & {}) {
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (text[at] !== '"') {
      const end = text.indexOf(separator, at)
      fields.push(text.slice(at, end < 0 ? undefined : end))
      if (end < 0) return fields
      at = end + 1
      continue
    }
    let value = ''
    for (at++; ; at++) {
      const quote = text.indexOf('"', at)
      if (quote < 0) return 'open'
      value += text.slice(at, quote)
      at = quote + 1
      if (text[at] !== '"') break
      value += '"'
    }
    fields.push(value)
    if (at === text.length) return fields
    if (text[at] !== separator)
      return `wanted ${JSON.stringify(separator)} after a closing quote, got ${JSON.stringify(text[at])}`
    at++
  }
}
