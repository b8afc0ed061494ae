/** A record from the fields that are known; the others take the defaults of the Avro schema. */
import type avsc from 'avsc'
import type { RecordSchema } from '../schemas/record.ts'

const defaultsOf = new Map<RecordSchema<unknown>, readonly (readonly [string, () => unknown])[]>()

export function withDefaults<T extends object>(schema: RecordSchema<T>, given: Partial<T>): T {
  let defaults = defaultsOf.get(schema)
  if (!defaults) {
    defaults = (schema.type as avsc.types.RecordType).fields.map(
      field => [field.name, () => field.defaultValue()] as const,
    )
    defaultsOf.set(schema, defaults)
  }
  const record: Record<string, unknown> = {}
  for (const [name, makeDefault] of defaults) record[name] = given[name as keyof T] ?? makeDefault() ?? null
  return record as T
}
