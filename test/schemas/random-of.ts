import type avsc from 'avsc'
import fc from 'fast-check'
import { MAX_LONG, MIN_LONG } from '../../schemas/long.ts'

/** Negative zero is left out: JSON does not carry it. */
const number = (arbitrary: fc.Arbitrary<number>) => arbitrary.map(value => value + 0)
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 5 }))
/** The only key that a plain object does not keep. */
const key = text.filter(name => name !== '__proto__')

/** @returns values of an Avro type, its limits among them */
export function randomOf(type: avsc.Type): fc.Arbitrary<unknown> {
  switch (type.typeName) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'int':
      return fc.integer()
    case 'long':
      return fc.oneof(fc.integer({ min: MIN_LONG, max: MAX_LONG }), fc.constantFrom(MIN_LONG, MAX_LONG))
    case 'float':
      return number(fc.float({ noNaN: true, noDefaultInfinity: true }))
    case 'double':
      return number(fc.double({ noNaN: true, noDefaultInfinity: true }))
    case 'string':
      return text
    case 'bytes':
      return fc.uint8Array().map(bytes => Buffer.from(bytes))
    case 'array':
      return fc.array(randomOf((type as avsc.types.ArrayType).itemsType), { maxLength: 5 })
    case 'map':
      return fc
        .array(fc.tuple(key, randomOf((type as avsc.types.MapType).valuesType)), { maxLength: 5 })
        .map(entries => Object.fromEntries(entries))
    case 'union:unwrapped':
      return fc.oneof(...(type as avsc.types.UnwrappedUnionType).types.map(randomOf))
    case 'record': {
      const { fields, recordConstructor } = type as avsc.types.RecordType
      const Made: new (...values: unknown[]) => unknown = recordConstructor
      return fc.tuple(...fields.map(field => randomOf(field.type))).map(values => new Made(...values))
    }
    default:
      throw new Error(`no values for ${type.typeName}`)
  }
}
