import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { type ErrorCode, FreshetError } from '../../schemas/errors.ts'
import { topics } from '../../schemas/topics.ts'
import { type Registry, Wire } from '../../schemas/wire.ts'
import { randomOf } from './random-of.ts'

const all = Object.values(topics)
const { interactions, items } = topics
const registry = new MemoryRegistry()
const wire = await Wire.open(registry, 'freshet', all)
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const like = { eventId: 'e1', userId: 'u1', itemId: 'i1', type: 'like', occurredAt: 1_700_000_000_000 }

const isCode =
  (...codes: ErrorCode[]) =>
  (error: unknown) => {
    assert.ok(error instanceof FreshetError, String(error))
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
    return true
  }
/** The id of a schema that some other producer registered, as bytes to put in front of a value. */
async function headerOf(source: unknown, subject: string): Promise<Buffer> {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(await registry.register(subject, JSON.stringify(source)), 1)
  return header
}

describe('wire: round trips', () => {
  for (const topic of all) {
    it(`${topic.name} reads back what it wrote`, () => {
      fc.assert(
        fc.property(randomOf(topic.schema.type), value => {
          const bytes = wire.encode(topic as typeof interactions, value as never)
          assert.deepEqual(wire.decode(topic as typeof interactions, bytes), value)
        }),
        { numRuns: 30 },
      )
    })
  }

  it('a record of 300 kB, larger than the first scratch buffer, and a small one after it', () => {
    const value = wire.decode(items, json({ title: 'x'.repeat(300_000) }))
    assert.deepEqual(wire.decode(items, wire.encode(items, value)), value)
    const small = wire.decode(items, json({ title: 'y' }))
    assert.deepEqual(wire.decode(items, wire.encode(items, small)), small)
  })
  it('an encoded value stays as it is when the next one is encoded', () => {
    const first = wire.encode(interactions, wire.decode(interactions, json(like)))
    const copy = Buffer.from(first)
    wire.encode(interactions, wire.decode(interactions, json({ ...like, eventId: 'other' })))
    assert.deepEqual(first, copy)
  })
  it('the same event in JSON and in Avro is the same record', () => {
    const fromJson = wire.decode(interactions, json(like))
    assert.deepEqual(wire.decode(interactions, wire.encode(interactions, fromJson)), fromJson)
  })
})

describe('wire: JSON', () => {
  it('absent fields take the defaults of the schema, at every depth', () => {
    const read = wire.decode(interactions, json({ ...like, items: [{ itemId: 'a' }] }))
    assert.equal(read.anonymousId, null)
    assert.deepEqual({ ...read.properties }, {})
    assert.deepEqual(
      read.items.map(item => ({ ...item })),
      [{ itemId: 'a', position: null }],
    )
  })
  it('a default that is an object is a new one for each record', () => {
    assert.notEqual(wire.decode(items, json({})).properties, wire.decode(items, json({})).properties)
  })
  it('half a character in a text is mended, and can be read back from Avro; in an id it is left to be refused', () => {
    const half = '\ud83c'
    const text = JSON.stringify({
      eventId: half,
      type: 'view',
      occurredAt: 1,
      query: `shoe ${half}`,
      items: [{ itemId: half }],
      properties: { [half]: half },
    })
    const read = wire.decode(interactions, Buffer.from(text))
    const { eventId, query, properties, items } = read
    assert.deepEqual(
      [eventId, items[0]?.itemId, query, properties],
      [half, half, 'shoe \ufffd', { '\ufffd': '\ufffd' }],
    )
    const mended = { ...read, eventId: 'e', items: [] }
    assert.deepEqual({ ...wire.decode(interactions, wire.encode(interactions, mended)) }, mended)
  })
  it('unknown fields are passed over', () => {
    assert.deepEqual(wire.decode(interactions, json({ ...like, tomorrow: 1 })), wire.decode(interactions, json(like)))
  })

  const refused: { name: string; text: string; code: ErrorCode; message?: string }[] = [
    { name: 'text that is not JSON', text: '{"eventId":', code: 'INVALID_JSON' },
    { name: 'NaN, which JSON does not have', text: '{"price":NaN}', code: 'INVALID_JSON' },
    {
      name: 'a string where a number is wanted',
      text: JSON.stringify({ ...like, price: '12' }),
      code: 'INVALID_FIELD',
      message: 'price: wanted a number or null, got "12"',
    },
    {
      name: 'a required field that is missing',
      text: JSON.stringify({ ...like, eventId: undefined }),
      code: 'INVALID_FIELD',
      message: 'eventId: wanted a string, got nothing',
    },
    {
      name: 'null for a field that has no null',
      text: JSON.stringify({ ...like, items: null }),
      code: 'INVALID_FIELD',
      message: 'items: wanted an array, got null',
    },
    {
      name: 'a field deep down',
      text: JSON.stringify({ ...like, items: [{ itemId: 'a' }, { itemId: 'b', position: '4' }] }),
      code: 'INVALID_FIELD',
      message: 'items[1].position: wanted an integer of 32 bits or null, got "4"',
    },
    {
      name: 'a map of other values',
      text: JSON.stringify({ ...like, properties: { colour: 7 } }),
      code: 'INVALID_FIELD',
      message: 'properties.colour: wanted a string, got 7',
    },
    {
      name: 'a number too large for any double',
      text: '{"eventId":"e","type":"like","occurredAt":1,"price":1e999}',
      code: 'INVALID_FIELD',
      message: 'price: wanted a number or null, got Infinity',
    },
    {
      name: 'a long past 2^53',
      text: '{"eventId":"e","type":"like","occurredAt":9007199254740992}',
      code: 'INVALID_FIELD',
      message: 'occurredAt: wanted an integer within −2^52 … 2^53 − 2, got 9007199254740992',
    },
    {
      name: 'a fraction for a long',
      text: '{"eventId":"e","type":"like","occurredAt":1.5}',
      code: 'INVALID_FIELD',
      message: 'occurredAt: wanted an integer within −2^52 … 2^53 − 2, got 1.5',
    },
    {
      name: 'an int one past its range',
      text: JSON.stringify({ ...like, quantity: 2 ** 31 }),
      code: 'INVALID_FIELD',
      message: 'quantity: wanted an integer of 32 bits or null, got 2147483648',
    },
    {
      name: 'an array for a string',
      text: JSON.stringify({ ...like, type: ['like'] }),
      code: 'INVALID_FIELD',
      message: 'type: wanted a string, got an array',
    },
  ]
  for (const { name, text, code, message } of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => wire.decode(interactions, Buffer.from(text)),
        (error: unknown) =>
          isCode(code)(error) && (!message || assert.equal((error as Error).message, message) === undefined),
      )
    })
  }
  it('refuses JSON that is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"eventId":"'), Buffer.from([0xff]), Buffer.from('"}')])
    assert.throws(() => wire.decode(interactions, bytes), isCode('INVALID_JSON'))
  })
  it('takes the largest long and int', () => {
    const read = wire.decode(interactions, json({ ...like, occurredAt: 2 ** 53 - 2, quantity: 2 ** 31 - 1 }))
    assert.deepEqual([read.occurredAt, read.quantity], [2 ** 53 - 2, 2 ** 31 - 1])
  })
})

describe('wire: bytes nobody should send', () => {
  const good = wire.encode(interactions, wire.decode(interactions, json(like)))
  const at = (start: number, hex: string) => Buffer.concat([good.subarray(0, start), Buffer.from(hex, 'hex')])
  const refused: { name: string; bytes: Buffer | null; code: ErrorCode }[] = [
    { name: 'a tombstone', bytes: null, code: 'UNKNOWN_FORMAT' },
    { name: 'no bytes', bytes: Buffer.alloc(0), code: 'UNKNOWN_FORMAT' },
    { name: 'another magic byte', bytes: Buffer.from([1, 0, 0, 0, 1]), code: 'UNKNOWN_FORMAT' },
    { name: 'an array of JSON', bytes: Buffer.from('[]'), code: 'UNKNOWN_FORMAT' },
    { name: 'half a schema id', bytes: Buffer.from([0, 0, 0]), code: 'INVALID_AVRO' },
    { name: 'a header without a value', bytes: good.subarray(0, 5), code: 'INVALID_AVRO' },
    { name: 'one byte more', bytes: Buffer.concat([good, Buffer.from([0])]), code: 'INVALID_AVRO' },
    { name: 'a string longer than the record', bytes: at(5, '8008'), code: 'INVALID_AVRO' },
    { name: 'a string of negative length', bytes: at(5, '01'), code: 'INVALID_AVRO' },
    { name: 'a string that is not UTF-8', bytes: at(5, '02ff'), code: 'INVALID_AVRO' },
    { name: 'a union branch that does not exist', bytes: at(5, '026106'), code: 'INVALID_AVRO' },
    { name: 'a number of eleven bytes', bytes: at(5, 'ffffffffffffffffffff01'), code: 'INVALID_AVRO' },
  ]
  for (const { name, bytes, code } of refused) {
    it(`refuses ${name}`, () => assert.throws(() => wire.decode(interactions, bytes), isCode(code)))
  }
  it('refuses a record cut short at any byte', () => {
    for (let end = 5; end < good.length; end++) {
      assert.throws(() => wire.decode(interactions, good.subarray(0, end)), isCode('INVALID_AVRO'))
    }
  })
  it('names the field and the byte', () => {
    assert.throws(() => wire.decode(interactions, at(5, '8008')), {
      message: 'eventId: byte 7: wanted a string in 0 bytes, got a length of 512',
    })
  })

  it('a forged count of items is refused before anything of that size is built', async () => {
    const source = {
      type: 'record',
      name: 'Item',
      namespace: 'freshet.v1',
      fields: [
        { name: 'tags', type: { type: 'array', items: 'string' } },
        { name: 'nothings', type: { type: 'array', items: 'null' } },
      ],
    }
    const header = await headerOf(source, 'forged-value')
    await wire.prepare([header])
    const count = avsc.Type.forSchema('long').toBuffer(2 ** 40)
    for (const rest of [count, Buffer.concat([Buffer.from([0]), count, Buffer.from([0])])]) {
      assert.throws(() => wire.decode(items, Buffer.concat([header, rest])), isCode('INVALID_AVRO'))
    }
  })

  const longs: { name: string; hex: string; fits: boolean }[] = [
    { name: '2^53 − 2', hex: 'fcffffffffffff1f', fits: true },
    { name: '2^53', hex: '8080808080808020', fits: false },
    { name: '−2^52', hex: 'ffffffffffffff0f', fits: true },
    { name: '−2^52 − 1, which avsc reads as another number', hex: '8180808080808010', fits: false },
    { name: '2^63 − 1', hex: 'feffffffffffffffff01', fits: false },
    { name: '−2^63', hex: 'ffffffffffffffffff01', fits: false },
  ]
  for (const { name, hex, fits } of longs) {
    it(`a long of ${name} is ${fits ? 'read' : 'refused'}`, async () => {
      const source = {
        type: 'record',
        name: 'Item',
        namespace: 'freshet.v1',
        fields: [{ name: 'durationMs', type: 'long' }],
      }
      const header = await headerOf(source, 'long-value')
      await wire.prepare([header])
      const read = () => wire.decode(items, Buffer.concat([header, Buffer.from(hex, 'hex')]))
      if (fits) assert.equal(BigInt(read().durationMs ?? 0), hex.startsWith('fc') ? 2n ** 53n - 2n : -(2n ** 52n))
      else assert.throws(read, isCode('INVALID_AVRO'))
    })
  }
})

describe('wire: other writers', () => {
  it('an older schema is read with our defaults', async () => {
    const old = { type: 'record', name: 'Item', namespace: 'freshet.v1', fields: [{ name: 'title', type: 'string' }] }
    const header = await headerOf(old, 'older-value')
    const bytes = Buffer.concat([header, Buffer.from([2, 0x78])])
    assert.throws(() => wire.decode(items, bytes), isCode('REGISTRY_UNAVAILABLE'), 'not fetched yet')
    await wire.prepare([null, Buffer.from('{'), bytes])
    assert.deepEqual(wire.decode(items, bytes), wire.decode(items, json({ title: 'x' })))
  })
  it('a schema of another record is INCOMPATIBLE_SCHEMA', async () => {
    const bytes = wire.encode(topics.users, wire.decode(topics.users, json({})))
    assert.throws(() => wire.decode(interactions, bytes), isCode('INCOMPATIBLE_SCHEMA'))
  })
  it('a schema that is no Avro is INCOMPATIBLE_SCHEMA', async () => {
    const odd: Registry = { register: (...args) => registry.register(...args), fetch: async () => 'syntax = "proto3"' }
    const other = await Wire.open(odd, 'freshet', [items])
    const bytes = Buffer.from([0, 0, 0, 9, 9, 0])
    await other.prepare([bytes])
    assert.throws(() => other.decode(items, bytes), isCode('INCOMPATIBLE_SCHEMA'))
  })

  it('an unknown id is asked for once, and a known one once', async () => {
    const asked: number[] = []
    const counting: Registry = {
      register: (...args) => registry.register(...args),
      fetch: async id => {
        asked.push(id)
        return id === 4_000_000_001 ? items.schema.source : undefined
      },
    }
    const other = await Wire.open(counting, 'freshet', [items])
    const known = Buffer.concat([
      Buffer.from('00ee6b2801', 'hex'),
      wire.encode(items, wire.decode(items, json({}))).subarray(5),
    ])
    const unknown = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1])
    await other.prepare([known, unknown, known, unknown])
    await other.prepare([unknown, known])
    assert.deepEqual(asked, [4_000_000_001, 4_294_967_295])
    assert.throws(() => other.decode(items, unknown), isCode('UNKNOWN_SCHEMA'))
    assert.deepEqual(other.decode(items, known), other.decode(items, json({})))
  })
  it('a registry that is away decides nothing: what was in doubt is asked again', async () => {
    let isAway = true
    const flaky: Registry = {
      register: (...args) => registry.register(...args),
      fetch: async () => {
        if (isAway) throw new FreshetError('REGISTRY_UNAVAILABLE', 'away')
        return undefined
      },
    }
    const other = await Wire.open(flaky, 'freshet', [items])
    const bytes = Buffer.from([0, 9, 9, 9, 9, 0])
    await assert.rejects(other.prepare([bytes]), isCode('REGISTRY_UNAVAILABLE'))
    assert.throws(() => other.decode(items, bytes), isCode('REGISTRY_UNAVAILABLE'))
    isAway = false
    await other.prepare([bytes])
    assert.throws(() => other.decode(items, bytes), isCode('UNKNOWN_SCHEMA'))
  })
  it('our own value that does not fit its schema is a plain error, and the next one is written right', () => {
    const bad = { ...wire.decode(items, json({})), price: 'dear' }
    assert.throws(
      () => wire.encode(items, bad as never),
      error => !(error instanceof FreshetError),
    )
    const value = wire.decode(items, json({ price: 1 }))
    assert.deepEqual(wire.decode(items, wire.encode(items, value)), value)
  })
})

describe('wire: fuzz', () => {
  const bad = isCode(
    'INVALID_JSON',
    'UNKNOWN_FORMAT',
    'UNKNOWN_SCHEMA',
    'INCOMPATIBLE_SCHEMA',
    'INVALID_AVRO',
    'INVALID_FIELD',
  )
  /** Reads, or is refused by a code; what was read can be written and read again. */
  async function hold(topic: typeof interactions, bytes: Buffer): Promise<void> {
    await wire.prepare([bytes])
    let value: ReturnType<typeof wire.decode<unknown>>
    try {
      value = wire.decode(topic, bytes)
    } catch (error) {
      bad(error)
      return
    }
    const again = wire.encode(topic, value as never)
    assert.deepEqual(wire.decode(topic, again), value)
  }
  const anyTopic = fc.constantFrom(...(all as (typeof interactions)[]))
  const bytesOf = fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))

  it('any bytes', () => fc.assert(fc.asyncProperty(anyTopic, bytesOf, hold), { numRuns: 500 }))
  it('any bytes after a header of ours', () =>
    fc.assert(
      fc.asyncProperty(anyTopic, fc.integer({ min: 1, max: all.length }), bytesOf, (topic, id, bytes) =>
        hold(topic, Buffer.concat([Buffer.from([0, 0, 0, 0, id]), bytes])),
      ),
      { numRuns: 2_000 },
    ))
  it('a good record with bytes changed', () =>
    fc.assert(
      fc.asyncProperty(
        anyTopic.chain(topic => fc.tuple(fc.constant(topic), randomOf(topic.schema.type))),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        ([topic, value], changes) => {
          const bytes = wire.encode(topic, value as never)
          for (const [where, byte] of changes) bytes[5 + (where % (bytes.length - 5))] = byte
          return hold(topic, bytes)
        },
      ),
      { numRuns: 2_000 },
    ))
  it('any JSON in any field', () =>
    fc.assert(
      fc.asyncProperty(
        anyTopic.chain(topic => {
          const { fields } = topic.schema.type as avsc.types.RecordType
          const values = Object.fromEntries(
            fields.map(field => [field.name, fc.oneof(fc.jsonValue(), randomOf(field.type).map(plainJson))]),
          )
          return fc.tuple(fc.constant(topic), fc.record(values, { requiredKeys: [] }))
        }),
        ([topic, value]) => hold(topic, json(value)),
      ),
      { numRuns: 1_000 },
    ))
})

const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
