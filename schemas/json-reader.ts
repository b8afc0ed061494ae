/**
 * Reads a record out of parsed JSON: absent fields take the schema's defaults at every depth, unknown fields are passed
 * over so that a producer may be newer than we are, and what does not fit is named by its path. Compiled once a schema.
 *
 * Half a character, as a text cut in the middle of an emoji ends with, has no UTF-8: Avro would write bytes that nobody can
 * read back. It becomes U+FFFD, but not in ids, where two would become one: idProblem refuses those.
 */
import type avsc from 'avsc'
import { FreshetError } from './errors.ts'
import { isLong, LONG_RANGE } from './long.ts'
import type { RecordSchema } from './record.ts'

type Path = (string | number)[]
type Read = (value: unknown, path: Path) => unknown
interface Reader {
  /** What it wants, in words: `a string`. */
  readonly wants: string
  readonly read: Read
}

const readers = new WeakMap<avsc.Type, Reader>()

/**
 * @param value - as JSON.parse gives it
 * @returns a new record of the same class as one read from Avro; `value` is left alone
 * @throws FreshetError INVALID_FIELD, say `items[3].position: wanted an integer of 32 bits or null, got "4"`
 */
export function readJson<T>(schema: RecordSchema<T>, value: unknown): T {
  return readerOf(schema.type).read(value, []) as T
}

function readerOf(type: avsc.Type): Reader {
  const known = readers.get(type)
  if (known) return known
  const made = compile(type)
  readers.set(type, made)
  return made
}

function compile(type: avsc.Type): Reader {
  switch (type.typeName) {
    case 'null':
      return scalar('null', value => value === null)
    case 'boolean':
      return scalar('true or false', value => typeof value === 'boolean')
    case 'int':
      return scalar('an integer of 32 bits', value => typeof value === 'number' && value === (value | 0))
    case 'long':
      return scalar(`an integer within ${LONG_RANGE}`, isLong)
    case 'float':
      return scalar('a number', value => typeof value === 'number' && Number.isFinite(Math.fround(value)))
    case 'double':
      return scalar('a number', value => Number.isFinite(value))
    case 'string':
      return text
    case 'enum': {
      const symbols = new Set<unknown>((type as avsc.types.EnumType).symbols)
      return scalar(`one of ${[...symbols].join(', ')}`, value => symbols.has(value))
    }
    case 'bytes':
      return bytes(undefined)
    case 'fixed':
      return bytes((type as avsc.types.FixedType).size)
    case 'array':
      return array(type as avsc.types.ArrayType)
    case 'map':
      return map(type as avsc.types.MapType)
    case 'union:unwrapped':
    case 'union:wrapped':
      return union((type as avsc.types.UnwrappedUnionType).types)
    case 'record':
    case 'error':
      return record(type as avsc.types.RecordType)
    default:
      throw new Error(`wanted plain Avro, got ${type.typeName}`)
  }
}

function scalar(wants: string, fits: (value: unknown) => boolean): Reader {
  return { wants, read: (value, path) => (fits(value) ? value : refuse(path, wants, value)) }
}

const ID = /^(id|.+Id)$/
const text: Reader = {
  wants: 'a string',
  read(value, path) {
    if (typeof value !== 'string') return refuse(path, 'a string', value)
    return value.isWellFormed() || ID.test(String(path.at(-1))) ? value : value.toWellFormed()
  },
}

/** As Avro's own JSON has it: one character a byte, U+0000 to U+00FF. */
function bytes(size: number | undefined): Reader {
  const wants = size === undefined ? 'a string of bytes' : `a string of ${size} bytes`
  const read: Read = (value, path) => {
    if (typeof value !== 'string') return refuse(path, wants, value)
    const made = Buffer.from(value, 'latin1')
    if (made.toString('latin1') !== value || made.length !== (size ?? made.length)) return refuse(path, wants, value)
    return made
  }
  return { wants, read }
}

function array(type: avsc.types.ArrayType): Reader {
  const wants = 'an array'
  const read: Read = (value, path) => {
    if (!Array.isArray(value)) return refuse(path, wants, value)
    const items = readerOf(type.itemsType)
    return value.map((one: unknown, i) => within(items, one, path, i))
  }
  return { wants, read }
}

function map(type: avsc.types.MapType): Reader {
  const wants = 'an object'
  const read: Read = (value, path) => {
    if (!isObject(value)) return refuse(path, wants, value)
    const values = readerOf(type.valuesType)
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key.toWellFormed(), within(values, one, path, key)]),
    )
  }
  return { wants, read }
}

function union(types: readonly avsc.Type[]): Reader {
  const nullable = types.some(type => type.typeName === 'null')
  const others = types.filter(type => type.typeName !== 'null')
  const only = others.length === 1 ? others[0] : undefined
  const wants = () => [...others.map(type => readerOf(type).wants), ...(nullable ? ['null'] : [])].join(' or ')
  const read: Read = (value, path) => {
    if (value === null) return nullable ? null : refuse(path, wants(), value)
    const depth = path.length
    let deeper: unknown
    for (const type of others) {
      try {
        return readerOf(type).read(value, path)
      } catch (error) {
        // A problem inside the only record a field can be is worth more than "wanted an object".
        if (only && path.length > depth) deeper = error
        path.length = depth
      }
    }
    if (deeper) throw deeper
    return refuse(path, wants(), value)
  }
  return {
    get wants() {
      return wants()
    },
    read,
  }
}

function record(type: avsc.types.RecordType): Reader {
  const wants = 'an object'
  const Made: new (...fields: unknown[]) => unknown = type.recordConstructor
  const read: Read = (value, path) => {
    if (!isObject(value)) return refuse(path, wants, value)
    const fields = type.fields.map(field => {
      const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined
      if (given !== undefined) return within(readerOf(field.type), given, path, field.name)
      const standard: unknown = field.defaultValue()
      return standard === undefined ? refuse([...path, field.name], readerOf(field.type).wants, undefined) : standard
    })
    return new Made(...fields)
  }
  return { wants, read }
}

function within(reader: Reader, value: unknown, path: Path, step: string | number): unknown {
  path.push(step)
  const made = reader.read(value, path)
  path.pop()
  return made
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function refuse(path: Path, wants: string, value: unknown): never {
  const where = path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
  throw new FreshetError('INVALID_FIELD', `${where || 'the value'}: wanted ${wants}, got ${inWords(value)}`)
}

function inWords(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
