/**
 * Reads Avro binary, compiled once a schema, and looks every byte over as it goes. avsc checks that a value does not end past
 * the buffer only after it has read it: a forged array count makes it build billions of items first, an int may be wider than
 * 32 bits, and broken UTF-8 turns into replacement characters, so two ids become one. It also takes twice as long.
 */
import { isUtf8 } from 'node:buffer'
import type avsc from 'avsc'
import { FreshetError } from './errors.ts'
import { LONG_RANGE, MAX_LONG } from './long.ts'

/**
 * @returns a value of the schema, its records of the classes that avsc has for them
 * @throws FreshetError INVALID_AVRO naming the field and the byte; bytes that follow the value are an error too
 */
export type AvroReader = (bytes: Buffer, start: number) => unknown

interface Source {
  readonly bytes: Buffer
  at: number
  field: string
  depth: number
  /** What is left of MAX_EMPTY_ITEMS. */
  empty: number
}
type Read = (source: Source) => unknown
interface Compiled {
  read: Read
  /** Bytes a value takes at least. */
  atLeast: number
}

/** Items that take no bytes, such as nulls, have nothing to be counted against. Per value. */
const MAX_EMPTY_ITEMS = 65_536
/** Records within records; only a recursive schema comes near. */
const MAX_DEPTH = 128

/** @throws FreshetError INCOMPATIBLE_SCHEMA for a schema with types that are no plain Avro */
export function avroReader(type: avsc.Type): AvroReader {
  const { read } = compile(type, new Map())
  return (bytes, start) => {
    const source: Source = { bytes, at: start, field: '', depth: 0, empty: MAX_EMPTY_ITEMS }
    const value = read(source)
    if (source.at !== bytes.length) {
      source.field = ''
      fail(source, `wanted the value to end here, got ${bytes.length - source.at} more bytes`)
    }
    return value
  }
}

function compile(type: avsc.Type, seen: Map<avsc.Type, Compiled>): Compiled {
  const known = seen.get(type)
  if (known) return known
  // A recursive schema meets this stand-in while its own reader is still being compiled.
  const self: Compiled = { read: source => made.read(source), atLeast: 0 }
  seen.set(type, self)
  const made = compileNew(type, seen)
  seen.set(type, made)
  return made
}

function compileNew(type: avsc.Type, seen: Map<avsc.Type, Compiled>): Compiled {
  switch (type.typeName) {
    case 'null':
      return { read: () => null, atLeast: 0 }
    case 'boolean':
      return { read: boolean, atLeast: 1 }
    case 'int':
      return { read: int, atLeast: 1 }
    case 'long':
      return { read: long, atLeast: 1 }
    case 'float':
      return { read: source => source.bytes.readFloatLE(skip(source, 4, 'a float')), atLeast: 4 }
    case 'double':
      return { read: source => source.bytes.readDoubleLE(skip(source, 8, 'a double')), atLeast: 8 }
    case 'bytes':
      return { read: source => copy(source, long(source), 'bytes'), atLeast: 1 }
    case 'string':
      return { read: string, atLeast: 1 }
    case 'fixed': {
      const { size } = type as avsc.types.FixedType
      return { read: source => copy(source, size, 'a fixed'), atLeast: size }
    }
    case 'enum': {
      const { symbols } = type as avsc.types.EnumType
      return { read: source => symbols[index(source, symbols.length, 'symbols')], atLeast: 1 }
    }
    case 'union:wrapped':
    case 'union:unwrapped':
      return union(type as avsc.types.UnwrappedUnionType, seen)
    case 'array':
      return array(compile((type as avsc.types.ArrayType).itemsType, seen))
    case 'map':
      return map(compile((type as avsc.types.MapType).valuesType, seen))
    case 'record':
    case 'error':
      return record(type as avsc.types.RecordType, seen)
    default:
      throw new FreshetError('INCOMPATIBLE_SCHEMA', `schema: wanted plain Avro, got ${type.typeName}`)
  }
}

/** Values of a wrapped union, which no schema of ours has, come unwrapped: they are only looked over. */
function union({ types }: avsc.types.UnwrappedUnionType, seen: Map<avsc.Type, Compiled>): Compiled {
  const reads = types.map(one => compile(one, seen).read)
  return { read: source => reads[index(source, reads.length, 'branches')]?.(source), atLeast: 1 }
}

/** Compiled to code, so that every call has one target. */
function record(type: avsc.types.RecordType, seen: Map<avsc.Type, Compiled>): Compiled {
  const fields = type.fields.map(field => compile(field.type, seen))
  const lines = type.fields.map(({ name }, i) => `s.field = ${JSON.stringify(name)}; const v${i} = r${i}(s)`)
  const values = fields.map((_, i) => `v${i}`).join()
  const body = `return s => { enter(s); ${lines.join(';')}; s.depth--; return new Made(${values}) }`
  const parameters = ['enter', 'Made', ...fields.map((_, i) => `r${i}`)]
  const read = new Function(...parameters, body)(enter, type.recordConstructor, ...fields.map(one => one.read)) as Read
  return { read, atLeast: fields.reduce((sum, field) => sum + field.atLeast, 0) }
}

function enter(source: Source): void {
  if (++source.depth > MAX_DEPTH) fail(source, `wanted at most ${MAX_DEPTH} records within one another`)
}

function array(item: Compiled): Compiled {
  const { read } = item
  return {
    read(source) {
      const items: unknown[] = []
      for (let count = block(source, item.atLeast); count > 0; count = block(source, item.atLeast))
        for (let i = 0; i < count; i++) items.push(read(source))
      return items
    },
    atLeast: 1,
  }
}

function map(value: Compiled): Compiled {
  return {
    read(source) {
      const entries: Record<string, unknown> = {}
      for (let count = block(source, 1 + value.atLeast); count > 0; count = block(source, 1 + value.atLeast))
        for (let i = 0; i < count; i++) {
          const name = string(source)
          const one = value.read(source)
          if (name === '__proto__') Object.defineProperty(entries, name, { value: one, enumerable: true })
          else entries[name] = one
        }
      return entries
    },
    atLeast: 1,
  }
}

/**
 * Arrays and maps are blocks of a count (negative: then the block's size in bytes follows) and that many items; 0 ends.
 * @param atLeast - bytes an item takes at least
 * @returns the count
 */
function block(source: Source, atLeast: number): number {
  let count = long(source)
  if (count === 0) return 0
  if (count < 0) {
    count = -count
    room(source, long(source), 'a block')
  }
  if (atLeast > 0) room(source, count * atLeast, `${count} items`)
  else {
    source.empty -= count
    if (source.empty < 0) fail(source, `wanted at most ${MAX_EMPTY_ITEMS} empty items`)
  }
  return count
}

function boolean(source: Source): boolean {
  const byte = source.bytes[source.at]
  if (byte !== 0 && byte !== 1) fail(source, `wanted a boolean, got ${byte === undefined ? 'the end' : `byte ${byte}`}`)
  source.at++
  return byte === 1
}

function int(source: Source): number {
  const value = long(source)
  if (value !== (value | 0)) fail(source, `wanted an int of 32 bits, got ${value}`)
  return value
}

/** Up to here a text is put together from its characters, which takes half as long as asking the runtime. */
const SHORT = 12
/** Compiled to code: a call for each length. */
const shortText = new Function(
  'b',
  'at',
  'length',
  `switch (length) { case 0: return ''; ${Array.from({ length: SHORT }, (_, last) => {
    const units = Array.from({ length: last + 1 }, (_, i) => `c${i}`)
    const reads = units.map((unit, i) => `${unit} = b[at + ${i}]`)
    const text = `String.fromCharCode(${units.join()})`
    return `case ${last + 1}: { const ${reads.join()}; return (${units.join('|')}) > 127 ? undefined : ${text} }`
  }).join(' ')} }`,
) as (bytes: Buffer, at: number, length: number) => string | undefined

function string(source: Source): string {
  const { bytes } = source
  const length = long(source)
  const start = skip(source, length, 'a string')
  const short = length <= SHORT ? shortText(bytes, start, length) : undefined
  if (short !== undefined) return short
  const text = bytes.toString('utf8', start, start + length)
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, start + length))) {
    source.at = start
    fail(source, 'wanted a string of UTF-8, got other bytes')
  }
  return text
}

function index(source: Source, count: number, what: string): number {
  const value = long(source)
  if (value < 0 || value >= count) fail(source, `wanted one of ${count} ${what}, got number ${value}`)
  return value
}

/** @returns a zigzag varint of at most ten bytes */
function long(source: Source): number {
  const { bytes } = source
  const start = source.at
  const first = bytes[start]
  if (first === undefined) return fail(source, 'wanted a value, got the end')
  source.at++
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  const second = bytes[source.at]
  if (second !== undefined && second < 0x80) {
    source.at++
    const zigzag = (first & 0x7f) | (second << 7)
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }
  let byte: number | undefined
  let value = first & 0x7f
  let scale = 128
  do {
    byte = bytes[source.at++]
    if (byte === undefined) return fail(source, 'wanted a whole number, got the end')
    if (source.at - start > 10) return fail(source, 'wanted a number of at most ten bytes')
    value += (byte & 0x7f) * scale
    scale *= 128
  } while (byte >= 0x80)
  // Zigzag: even is positive. From 2^53 on the sum may be rounded, but the first byte still has its lowest bit, and even
  // sums are exact up to 2^54.
  const isNegative = (first & 1) === 1
  if (isNegative ? value >= 2 ** 53 : value > 2 * MAX_LONG) {
    return fail(source, `wanted an integer within ${LONG_RANGE}, got about ${isNegative ? -value / 2 : value / 2}`)
  }
  return isNegative ? -(value + 1) / 2 : value / 2
}

function copy(source: Source, length: number, what: string): Buffer {
  const start = skip(source, length, what)
  return Buffer.from(source.bytes.subarray(start, source.at))
}

/** @returns where what is skipped begins */
function skip(source: Source, length: number, what: string): number {
  room(source, length, what)
  const start = source.at
  source.at += length
  return start
}

function room(source: Source, length: number, what: string): void {
  const left = source.bytes.length - source.at
  if (length < 0 || length > left) fail(source, `wanted ${what} in ${left} bytes, got a length of ${length}`)
}

function fail(source: Source, problem: string): never {
  const where = source.field === '' ? '' : `${source.field}: `
  throw new FreshetError('INVALID_AVRO', `${where}byte ${Math.min(source.at, source.bytes.length)}: ${problem}`)
}
