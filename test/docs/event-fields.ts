/** The field tables of docs/events.md, made from the Avro schema: `node test/docs/event-fields.ts` prints them. */
import { interaction } from '../../schemas/interaction.ts'

interface Field {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
  readonly doc?: string
}
interface Schema {
  readonly type: string
  readonly name?: string
  readonly fields?: readonly Field[]
  readonly items?: Schema
  readonly values?: string
}

const { fields = [] } = JSON.parse(interaction.source) as Schema

/** Cells of each row: field, Avro type, what it is when left out, meaning. */
export const eventRows = (): string[][] => rowsOf(fields)
/** The same of one item of an impression. */
export function shownRows(): string[][] {
  const shown = fields.find(one => one.name === 'items')?.type as Schema | undefined
  return rowsOf(shown?.items?.fields ?? [])
}

const rowsOf = (some: readonly Field[]): string[][] =>
  some.map(field => [
    `\`${field.name}\``,
    typeOf(field.type),
    'default' in field ? `\`${JSON.stringify(field.default)}\`` : '**required**',
    field.doc ?? '',
  ])

function typeOf(type: unknown): string {
  if (typeof type === 'string') return type
  if (Array.isArray(type))
    return type
      .filter(one => one !== 'null')
      .map(typeOf)
      .join(', ')
  const { type: kind, items, values } = type as Schema
  if (kind === 'array') return `array of ${items?.name}`
  return kind === 'map' ? `map of ${values}` : kind
}

if (process.argv[1] === import.meta.filename)
  for (const rows of [eventRows(), shownRows()])
    process.stdout.write(`${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}\n\n`)
