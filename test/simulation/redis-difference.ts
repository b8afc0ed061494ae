/** Two data sets compared as their readers see them: what is deleted is nothing, whether or not a tombstone stands there. */
import { isTombstone } from '../../connectors/view.ts'
import { keys } from '../../schemas/keys.ts'
import { NAMESPACE } from './process.ts'
import type { RedisServer } from './redis-server.ts'

const [version, pages, position] = [keys.itemsVersion, keys.itemPages, keys.pos].map(key => key.of(NAMESPACE))

/** @returns the first key that differs, in words */
export function redisDifference(got: RedisServer, wanted: RedisServer): string | undefined {
  const [held, other] = [readable(got), readable(wanted)]
  for (const [key, text] of other) if (held.get(key) !== text) return `${key}: wanted ${text}, got ${held.get(key)}`
  for (const [key, text] of held) if (!other.has(key)) return `${key}: wanted nothing, got ${text}`
  return undefined
}

function readable(server: RedisServer): Map<string, string> {
  const values = new Map<string, string>()
  for (const [key, value] of server.image()) {
    if (key === version || key.startsWith(`${position}:`)) continue
    if (typeof value === 'string') {
      if (!isTombstone(value)) values.set(key, value)
    } else if (value instanceof Set) {
      for (const member of value) values.set(`${key} ${member}`, '')
    } else if (value instanceof Map) {
      if (key === pages) for (const page of value.keys()) values.set(`${key} ${page}`, '')
      else if (!value.has('deleted')) for (const [field, text] of fieldsOf(value)) values.set(`${key} ${field}`, text)
    }
  }
  return values
}

/** A field without bytes is deleted, and its version says nothing to a reader. */
function fieldsOf(hash: ReadonlyMap<string, string | Buffer>): [string, string][] {
  const isDeleted = (field: string) => hash.get(field)?.length === 0
  return [...hash]
    .filter(([field]) => !isDeleted(field) && !(field.startsWith('v') && isDeleted(field.slice(1))))
    .map(([field, text]) => [field, text.toString('latin1')])
}
