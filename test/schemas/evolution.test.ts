import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { randomOf } from './random-of.ts'

interface Field {
  name: string
  type: unknown
  default?: unknown
  doc?: string
}
interface RecordSource {
  type: 'record'
  name: string
  fields: Field[]
}

const folder = new URL('../../schemas/avro/', import.meta.url)
const sourceOf = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as RecordSource
const typeOf = (source: RecordSource) => avsc.Type.forSchema(source as avsc.Schema)

describe('evolution', () => {
  for (const file of readdirSync(folder)) {
    const old = sourceOf(file)
    const grown = { ...old, fields: [...old.fields, { name: 'addedLater', type: ['null', 'string'], default: null }] }
    const oldType = typeOf(old)
    const grownType = typeOf(grown)

    it(`${file} with one more defaulted field reads what was written without it`, () => {
      const resolver = grownType.createResolver(oldType)
      fc.assert(
        fc.property(randomOf(oldType), value => {
          const read: unknown = grownType.fromBuffer(oldType.toBuffer(value), resolver)
          assert.deepEqual(plain(read), { ...plain(value), addedLater: null })
        }),
        { numRuns: 20 },
      )
    })
    it(`${file} without the field reads what was written with it`, () => {
      const resolver = oldType.createResolver(grownType)
      fc.assert(
        fc.property(randomOf(oldType), value => {
          const written = grownType.toBuffer({ ...(value as object), addedLater: 'x' })
          assert.deepEqual(plain(oldType.fromBuffer(written, resolver)), plain(value))
        }),
        { numRuns: 20 },
      )
    })
    it(`${file} says nothing that other readers of Avro refuse: a null default comes first in its union`, () => {
      for (const { name, type, default: standard } of fieldsWithin(old)) {
        if (standard === null) assert.ok(Array.isArray(type) && type[0] === 'null', name)
      }
    })
  }

  it('the item within item-features.avsc has the fields of item.avsc', () => {
    const [nested] = fieldsWithin(sourceOf('item-features.avsc'))
      .flatMap(({ type }) => (Array.isArray(type) ? (type as RecordSource[]) : []))
      .filter(type => type.name === 'Item')
    assert.deepEqual(nested?.fields, sourceOf('item.avsc').fields)
  })
})

/** Without classes: avsc makes one a record and schema. */
const plain = (value: unknown): object => structuredClone(value) as object

/** Of the record and of all records within it. */
function fieldsWithin(schema: unknown): Field[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsWithin)
  if (typeof schema !== 'object' || schema === null) return []
  const { fields = [], type, items, values } = schema as Partial<RecordSource> & { items?: unknown; values?: unknown }
  return [
    ...fields,
    ...fields.flatMap(field => fieldsWithin(field.type)),
    ...[type, items, values].flatMap(fieldsWithin),
  ]
}
