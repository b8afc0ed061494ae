/**
 * Interactions from the rows of any file: which column fills which field. `visitorId` is a user, `anonymousId` a visitor who is
 * not logged in. Times are ISO texts, or numbers: seconds below 10^11, ms above.
 */
import type { Row } from '../connectors/rows.ts'
import { withDefaults } from '../connectors/with-defaults.ts'
import { type Interaction, interaction } from '../schemas/interaction.ts'

const texts = ['visitorId', 'anonymousId', 'sessionId', 'itemId', 'type', 'orderId', 'country', 'device'] as const
const numbers = ['value', 'quantity', 'price', 'completion', 'dwellMs'] as const
export const eventFields: readonly string[] = [...texts, ...numbers, 'occurredAt']

/** Field → column. A field that is not named is filled from the column of its name. */
export type EventMapping = ReadonlyMap<string, string>

const SECONDS_BELOW = 1e11

/**
 * @param text - `visitorId=user,itemId=sku,occurredAt=time`
 * @throws RangeError naming the part that is malformed or the field that does not exist
 */
export function eventMapping(text: string): EventMapping {
  const mapping = new Map<string, string>()
  for (const part of text.split(',').filter(one => one.trim() !== '')) {
    const match = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part)
    if (!match) throw new RangeError(`${part}: wanted field=column`)
    const [, given = '', column = ''] = match
    const field = given === 'userId' ? 'visitorId' : given
    if (!eventFields.includes(field))
      throw new RangeError(`${field}: no such field of an event; wanted ${eventFields.join(', ')}`)
    mapping.set(field, column)
  }
  return mapping
}

/**
 * @param row - of the file, from 1; part of the event's id
 * @param usualType - where no column says
 * @throws RangeError saying which column wants what
 */
export function eventFrom(row: Row, mapping: EventMapping, file: string, usualType: string): Interaction {
  if ('problem' in row) throw new RangeError(row.problem)
  const columnOf = (field: string) => mapping.get(field) ?? (field === 'visitorId' ? 'userId' : field)
  const cell = (field: string): unknown => row.columns[columnOf(field)]
  const fields: Record<string, unknown> = {}
  for (const field of texts) {
    const value = cell(field)
    if (value === undefined || value === null || value === '') continue
    fields[field === 'visitorId' ? 'userId' : field] = String(value)
  }
  for (const field of numbers) {
    const value = cell(field)
    if (value === undefined || value === null || value === '') continue
    if (!Number.isFinite(Number(value))) throw new RangeError(`${columnOf(field)}: wanted a number, got ${value}`)
    fields[field] = Number(value)
  }
  for (const field of ['userId', 'itemId'])
    if (fields[field] === undefined && !(field === 'userId' && fields.anonymousId !== undefined))
      throw new RangeError(
        `${columnOf(field === 'userId' ? 'visitorId' : field)}: wanted an id, got none; columns are ${Object.keys(row.columns).join(', ')}`,
      )
  return withDefaults<Interaction>(interaction, {
    type: usualType,
    ...fields,
    eventId: `${file}:${row.line}`,
    occurredAt: timeOf(cell('occurredAt'), columnOf('occurredAt')),
  })
}

function timeOf(value: unknown, column: string): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN // biome-ignore format: one line
  const ms = Number.isFinite(number)
    ? Math.round(number < SECONDS_BELOW ? number * 1_000 : number)
    : Date.parse(String(value ?? ''))
  if (!Number.isFinite(ms)) throw new RangeError(`${column}: wanted a time, got ${JSON.stringify(value) ?? 'nothing'}`)
  return ms
}
