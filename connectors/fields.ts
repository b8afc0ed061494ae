/**
 * A catalogue row of any file as an item or a user: which column fills which field, and how its text is read. Columns that
 * fill nothing become properties.
 */
import { idProblem } from '../schemas/ids.ts'
import { type Item, item } from '../schemas/item.ts'
import type { RecordSchema } from '../schemas/record.ts'
import type { Topic } from '../schemas/topics.ts'
import { topics } from '../schemas/topics.ts'
import { type User, user } from '../schemas/user.ts'
import type { CatalogueRow } from './data-set.ts'
import type { Row } from './rows.ts'
import { withDefaults } from './with-defaults.ts'

type Kind = 'text' | 'list' | 'number' | 'flag' | 'time' | 'vector'

export interface Target<T extends object> {
  readonly topic: Topic<T>
  readonly schema: RecordSchema<T>
  /** Columns the id is taken from where the mapping names none; the first that is there. */
  readonly idColumns: readonly string[]
  readonly fields: Readonly<Record<Exclude<keyof T & string, 'properties'>, Kind>>
}

export const itemTarget: Target<Item> = {
  topic: topics.items,
  schema: item,
  idColumns: ['itemId', 'id'],
  fields: {
    title: 'text',
    description: 'text',
    categories: 'list',
    brand: 'text',
    creator: 'text',
    tags: 'list',
    price: 'number',
    rating: 'number',
    durationMs: 'number',
    publishedAt: 'time',
    available: 'flag',
    marginTier: 'text',
    sponsored: 'flag',
    embedding: 'vector',
  },
}

export const userTarget: Target<User> = {
  topic: topics.users,
  schema: user,
  idColumns: ['userId', 'id'],
  fields: { preferredCategories: 'list', country: 'text', language: 'text', device: 'text', signupAt: 'time' },
}

/** Field (or `id`) → column, and for lists the separator; a field that is not named is filled from the column of its name. */
export type FieldMapping = ReadonlyMap<string, { readonly column: string; readonly separator: string }>

/**
 * @param text - `title=name,categories=genres:|,id=sku`
 * @throws RangeError naming the field that does not exist or the part that is malformed
 */
export function fieldMapping<T extends object>(text: string, target: Target<T>): FieldMapping {
  const mapping = new Map<string, { column: string; separator: string }>()
  for (const part of text.split(',').filter(one => one.trim() !== '')) {
    const match = /^\s*(\w+)\s*=\s*(.+?)(?::(.))?\s*$/.exec(part)
    if (!match) throw new RangeError(`${part}: wanted field=column or field=column:separator`)
    const [, field = '', column = '', separator = '|'] = match
    if (field !== 'id' && !(field in target.fields))
      throw new RangeError(`${field}: no such field; wanted id, ${Object.keys(target.fields).join(', ')}`)
    mapping.set(field, { column, separator })
  }
  return mapping
}

/** @returns rows ready for import; a row without a good id or with a malformed field is a problem with its line */
export async function* mappedRows<T extends object>(
  rows: AsyncIterable<Row>,
  target: Target<T>,
  mapping: FieldMapping,
): AsyncGenerator<CatalogueRow<T>> {
  for await (const row of rows) {
    if ('problem' in row) yield row
    else {
      try {
        yield { line: row.line, ...mapped(row.columns, target, mapping) }
      } catch (error) {
        yield { line: row.line, problem: error instanceof Error ? error.message : String(error) }
      }
    }
  }
}

function mapped<T extends object>(
  columns: Readonly<Record<string, unknown>>,
  target: Target<T>,
  mapping: FieldMapping,
) {
  const idColumn =
    mapping.get('id')?.column ?? target.idColumns.find(name => name in columns) ?? (target.idColumns[0] as string)
  const raw = columns[idColumn]
  const id = typeof raw === 'number' && Number.isSafeInteger(raw) ? String(raw) : raw
  const problem = idProblem(id)
  if (problem !== undefined) throw new RangeError(`${idColumn}: ${problem}`)
  const used = new Set([idColumn])
  const record: Record<string, unknown> = {}
  for (const [field, kind] of Object.entries(target.fields) as [string, Kind][]) {
    const { column, separator } = mapping.get(field) ?? { column: field, separator: '|' }
    const value = columns[column]
    used.add(column)
    if (value === undefined || value === null || value === '') continue
    record[field] = read(kind, value, separator, column)
  }
  const rest = Object.entries(columns).filter(([name, value]) => !used.has(name) && value !== '' && value !== null)
  const given =
    typeof columns.properties === 'object' && columns.properties !== null ? Object.entries(columns.properties) : []
  const others = [...rest.filter(([name]) => name !== 'properties' || given.length === 0), ...given]
  record.properties = Object.fromEntries(
    others.map(([name, value]) => [
      name.toWellFormed(),
      typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value),
    ]),
  )
  return { id: id as string, value: withDefaults(target.schema, record as Partial<T>) }
}

function read(kind: Kind, raw: unknown, separator: string, column: string): unknown {
  const value = readers[kind](raw, separator)
  if (value === undefined)
    throw new RangeError(`${column}: wanted ${fieldWants[kind]}, got ${JSON.stringify(raw).slice(0, 60)}`)
  return value
}

/** Kind of a field → what it wants, in words. */
export const fieldWants: Readonly<Record<Kind, string>> = {
  text: 'a text',
  list: 'a list of texts',
  number: 'a finite number',
  flag: 'true, false, 1 or 0',
  time: 'a date or ms since the epoch',
  vector: 'an array of finite numbers',
}

const finite = (raw: unknown): number | undefined => {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

const readers: Readonly<Record<Kind, (raw: unknown, separator: string) => unknown>> = {
  // Half a character, as a text that was cut ends with, has no UTF-8.
  text: raw =>
    typeof raw === 'string' ? raw.trim().toWellFormed() : typeof raw === 'number' ? String(raw) : undefined,
  list: (raw, separator) => {
    const parts = typeof raw === 'string' ? raw.split(separator) : raw
    if (!Array.isArray(parts) || !parts.every(one => typeof one === 'string')) return undefined
    return parts.map(one => one.trim().toWellFormed()).filter(one => one !== '')
  },
  number: finite,
  flag: raw =>
    raw === true || raw === 'true' || raw === '1' || raw === 1
      ? true
      : raw === false || raw === 'false' || raw === '0' || raw === 0
        ? false
        : undefined,
  time: raw => {
    const number = finite(raw)
    if (number !== undefined) return Math.round(number)
    const parsed = typeof raw === 'string' ? Date.parse(raw) : Number.NaN
    return Number.isNaN(parsed) ? undefined : parsed
  },
  vector: raw => {
    const value: unknown = typeof raw === 'string' ? raw.replace(/^\[|\]$/g, '').split(/[,;\s]+/) : raw
    if (!Array.isArray(value)) return undefined
    const numbers = value.map(finite)
    return numbers.length > 0 && numbers.every(one => one !== undefined && Number.isFinite(Math.fround(one)))
      ? numbers
      : undefined
  },
}
