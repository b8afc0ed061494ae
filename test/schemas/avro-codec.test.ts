import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { avroReader } from '../../schemas/avro-reader.ts'
import { avroWriter } from '../../schemas/avro-writer.ts'
import { recordSchemaOf } from '../../schemas/record.ts'
import { randomOf } from './random-of.ts'

const folder = new URL('../../schemas/avro/', import.meta.url)
const typeOf = (schema: unknown) => avsc.Type.forSchema(schema as avsc.Schema)

function written(type: avsc.Type, value: unknown): Buffer {
  const target = { bytes: Buffer.alloc(100_000), at: 3 } // not at the start, to see that it is minded
  avroWriter(type)(target, value)
  return target.bytes.subarray(3, target.at)
}

const others: { name: string; schema: unknown; values: readonly unknown[] }[] = [
  { name: 'a union of three', schema: ['null', 'string', 'int'], values: [null, 'x', 7] },
  { name: 'an enum', schema: { type: 'enum', name: 'E', symbols: ['a', 'b'] }, values: ['a', 'b'] },
  { name: 'a fixed', schema: { type: 'fixed', name: 'F', size: 2 }, values: [Buffer.from([1, 2])] },
  {
    name: 'a record within itself',
    schema: { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'], default: null }] },
    values: [{ next: null }, { next: { next: { next: null } } }],
  },
]

describe('Avro, against avsc', () => {
  for (const file of readdirSync(folder)) {
    const type = typeOf(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
    it(`${file}: the same bytes, and the same values back`, () => {
      const read = avroReader(type)
      fc.assert(
        fc.property(randomOf(type), value => {
          const wanted = type.toBuffer(value)
          assert.ok(written(type, value).equals(wanted))
          assert.deepEqual(read(wanted, 0), type.fromBuffer(wanted))
        }),
        { numRuns: 50 },
      )
    })
  }

  for (const { name, schema, values } of others)
    it(`${name}, which no record of ours has`, () => {
      const type = typeOf(schema)
      for (const value of values) {
        const wanted = type.toBuffer(value)
        assert.ok(written(type, value).equals(wanted))
        assert.deepEqual(avroReader(type)(wanted, 0), type.fromBuffer(wanted))
      }
    })

  const numbers = [0, 1, 63, 64, 8191, 8192, 2 ** 20, 2 ** 28, 2 ** 30, 2 ** 31, 2 ** 35, 2 ** 42, 2 ** 49, 2 ** 52]
  it('whole numbers at every length', () => {
    const type = typeOf('long')
    for (const base of numbers)
      for (const value of [base - 1, base, base + 1, -base, 1 - base].filter(one => one >= -(2 ** 52))) {
        assert.ok(written(type, value).equals(type.toBuffer(value)), String(value))
        assert.equal(avroReader(type)(type.toBuffer(value), 0), value === 0 ? 0 : value)
      }
  })

  it('texts of every length up to 200, of one to four bytes a character, also where only the last is not ASCII', () => {
    const type = typeOf('string')
    for (let length = 0; length <= 200; length++)
      for (const text of ['x'.repeat(length), 'é'.repeat(length), '日'.repeat(length), `${'x'.repeat(length)}😀`]) {
        assert.ok(written(type, text).equals(type.toBuffer(text)), text)
        assert.equal(avroReader(type)(type.toBuffer(text), 0), text)
      }
  })

  it('half a character is written as the character for what is broken, which can be read', () => {
    assert.equal(avroReader(typeOf('string'))(written(typeOf('string'), 'x\ud83d'), 0), 'x\ufffd')
  })

  it('broken UTF-8 is refused in short texts and long ones, a replacement character that was written is not', () => {
    const read = avroReader(typeOf('string'))
    for (const length of [1, 12, 13, 60]) {
      const broken = Buffer.alloc(length + 1, 'x')
      broken[0] = 2 * length
      broken[length] = 0xff
      assert.throws(() => read(broken, 0), { code: 'INVALID_AVRO', message: /wanted a string of UTF-8/ })
      const text = `${'x'.repeat(length)}\ufffd`
      assert.equal(read(typeOf('string').toBuffer(text), 0), text)
    }
  })
})

describe('a record', () => {
  const source = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'count', type: 'int', default: 7 },
      {
        name: 'rows',
        type: { type: 'array', items: { type: 'record', name: 'Row', fields: [{ name: 'at', type: 'long' }] } },
      },
      { name: 'price', type: ['null', 'double'], default: null },
      { name: 'tags', type: { type: 'map', values: 'boolean' }, default: {} },
      { name: 'bytes', type: 'bytes', default: '' },
      { name: 'part', type: 'float', default: 0 },
    ],
  }
  const schema = recordSchemaOf<Record<string, unknown>>('r', JSON.stringify(source))
  const whole = {
    id: 'x',
    count: 1,
    rows: [{ at: 5 }],
    price: 1.5,
    tags: { a: true },
    bytes: Buffer.from('b'),
    part: 0.5,
  }

  it('is written behind a head', () => {
    const head = Buffer.from([9, 8])
    assert.deepEqual(schema.encode(whole, head), Buffer.concat([head, schema.encode(whole)]))
    assert.deepEqual({ ...schema.decode(schema.encode(whole, head), 2) }, { ...schema.decode(schema.encode(whole)) })
  })

  it('takes the default of a field that is left out', () => {
    const { count, price, tags, bytes, part, ...given } = whole
    assert.deepEqual(
      schema.encode(given),
      schema.encode({ ...whole, count: 7, price: null, tags: {}, bytes: Buffer.alloc(0), part: 0 }),
    )
    assert.ok(count + part + Number(price) + bytes.length + Object.keys(tags).length > 0)
  })

  for (const { field, value, place, wanted } of [
    { field: 'id', value: 7, place: 'id', wanted: 'a string' },
    { field: 'id', value: undefined, place: 'id', wanted: 'a string' },
    { field: 'count', value: 2 ** 31, place: 'count', wanted: 'an int' },
    { field: 'count', value: 1.5, place: 'count', wanted: 'an int' },
    { field: 'rows', value: null, place: 'rows', wanted: 'an array' },
    { field: 'rows', value: [{ at: 1 }, { at: 0.5 }], place: 'rows.1.at', wanted: 'a long' },
    { field: 'rows', value: [{ at: 2 ** 53 - 1 }], place: 'rows.0.at', wanted: 'a long' },
    { field: 'rows', value: [null], place: 'rows.0', wanted: 'a record' },
    { field: 'price', value: '1', place: 'price', wanted: 'a double' },
    { field: 'tags', value: { a: 1 }, place: 'tags.a', wanted: 'a boolean' },
    { field: 'tags', value: 'a', place: 'tags', wanted: 'a map' },
    { field: 'bytes', value: 'text', place: 'bytes', wanted: 'bytes' },
    { field: 'part', value: null, place: 'part', wanted: 'a float' },
  ])
    it(`refuses ${JSON.stringify(value) ?? 'nothing'} for ${field}, and names it`, () => {
      assert.throws(
        () => schema.encode({ ...whole, [field]: value }),
        (error: Error) => error instanceof TypeError && error.message.startsWith(`r: ${place}: wanted ${wanted}, got `),
      )
    })

  it('larger than what is kept to write into comes whole, and so does the next', () => {
    const large = { ...whole, id: 'é'.repeat(1_000_000), bytes: Buffer.alloc(200_000, 1) }
    assert.deepEqual(
      { ...schema.decode(schema.encode(large)) },
      { ...large, rows: schema.decode(schema.encode(large)).rows },
    )
    assert.equal(schema.decode(schema.encode(whole)).id, 'x')
  })
})
