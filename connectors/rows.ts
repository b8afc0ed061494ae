/** Rows of a CSV, TSV or JSONL file, gzipped or not, by name of column; told apart by the file's name. */
import { csvRecords } from './csv.ts'
import { textLines } from './text-lines.ts'

/** `line` from 1. */
export type Row =
  | { readonly line: number; readonly columns: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly problem: string }

/** @param path - `.csv`, `.tsv`, `.txt` (tab-separated), `.jsonl` or `.ndjson`, each also with `.gz` */
export function rowsOf(path: string): AsyncGenerator<Row> {
  const ending = /\.(csv|tsv|txt|jsonl|ndjson)(\.gz)?$/.exec(path)?.[1]
  if (ending === 'csv') return csvRows(path, ',')
  if (ending === 'tsv' || ending === 'txt') return csvRows(path, '\t')
  if (ending === 'jsonl' || ending === 'ndjson') return jsonRows(path)
  throw new Error(`${path}: wanted a name that ends in .csv, .tsv, .txt, .jsonl or .ndjson, each also with .gz`)
}

async function* csvRows(path: string, separator: string): AsyncGenerator<Row> {
  let header: readonly string[] | undefined
  for await (const record of csvRecords(textLines(path), separator)) {
    if ('problem' in record) yield record
    else if (!header) header = record.fields
    else if (record.fields.length !== header.length)
      yield {
        line: record.line,
        problem: `wanted ${header.length} fields as the first line has, got ${record.fields.length}`,
      }
    else yield { line: record.line, columns: Object.fromEntries(header.map((name, at) => [name, record.fields[at]])) }
  }
}

async function* jsonRows(path: string): AsyncGenerator<Row> {
  let line = 0
  for await (const text of textLines(path)) {
    line++
    if (text.trim() !== '') yield { line, ...parseLine(text) }
  }
}

function parseLine(text: string): { columns: Readonly<Record<string, unknown>> } | { problem: string } {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { columns: value as Record<string, unknown> }
    return { problem: `wanted a JSON object, got ${text.slice(0, 40)}` }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
