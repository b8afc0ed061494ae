/**
 * Looks Avro bytes over before avsc reads them. avsc checks that a value does not end past the buffer, but only after it
 * has read it: a forged array count makes it build billions of items first, an int may be wider than 32 bits, and broken
 * UTF-8 turns into replacement characters, so two ids become one. Compiled once a writer schema.
 */
import { isUtf8 } from 'node:buffer'
import type avsc from 'avsc'
import { FreshetError } from './errors.ts'
import { LONG_RANGE, MAX_LONG } from './long.ts'

/** @throws FreshetError INVALID_AVRO naming the field and the byte; bytes that follow the value are an error too */
export type AvroGuard = (bytes: Buffer, start: number) => void

interface Cursor {
  readonly bytes: Buffer
  at: number
  field: string
  depth: number
  /** What is left of MAX_EMPTY_ITEMS. */
  empty: number
}
type Check = (cursor: Cursor) => void
interface Compiled {
  check: Check
  /** Bytes a value takes at least. */
  atLeast: number
}

/** Items that take no bytes, such as nulls, have nothing to be counted against. Per value. */
const MAX_EMPTY_ITEMS = 65_536
/** Records within records; only a recursive schema comes near. */
const MAX_DEPTH = 128

export function avroGuard(type: avsc.Type): AvroGuard {
  const { check } = compile(type, new Map())
  return (bytes, start) => {
    const cursor: Cursor = { bytes, at: start, field: '', depth: 0, empty: MAX_EMPTY_ITEMS }
    check(cursor)
    if (cursor.at !== bytes.length) {
      cursor.field = ''
      fail(cursor, `wanted the value to end here, got ${bytes.length - cursor.at} more bytes`)
    }
  }
}

function compile(type: avsc.Type, seen: Map<avsc.Type, Compiled>): Compiled {
  const known = seen.get(type)
  if (known) return known
  // A recursive schema meets this stand-in while its own check is still being compiled.
  const self: Compiled = { check: cursor => made.check(cursor), atLeast: 0 }
  seen.set(type, self)
  const made = compileNew(type, seen)
  seen.set(type, made)
  return made
}

function compileNew(type: avsc.Type, seen: Map<avsc.Type, Compiled>): Compiled {
  switch (type.typeName) {
    case 'null':
      return { check: () => undefined, atLeast: 0 }
    case 'boolean':
      return { check: boolean, atLeast: 1 }
    case 'int':
      return { check: int, atLeast: 1 }
    case 'long':
      return { check: cursor => void long(cursor), atLeast: 1 }
    case 'float':
      return { check: cursor => skip(cursor, 4, 'a float'), atLeast: 4 }
    case 'double':
      return { check: cursor => skip(cursor, 8, 'a double'), atLeast: 8 }
    case 'bytes':
      return { check: cursor => skip(cursor, long(cursor), 'bytes'), atLeast: 1 }
    case 'string':
      return { check: string, atLeast: 1 }
    case 'fixed': {
      const { size } = type as avsc.types.FixedType
      return { check: cursor => skip(cursor, size, 'a fixed'), atLeast: size }
    }
    case 'enum': {
      const { length } = (type as avsc.types.EnumType).symbols
      return { check: cursor => void index(cursor, length, 'symbols'), atLeast: 1 }
    }
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = (type as avsc.types.UnwrappedUnionType).types.map(one => compile(one, seen))
      return { check: cursor => branches[index(cursor, branches.length, 'branches')]?.check(cursor), atLeast: 1 }
    }
    case 'array':
      return { check: blocks(compile((type as avsc.types.ArrayType).itemsType, seen)), atLeast: 1 }
    case 'map': {
      const values = compile((type as avsc.types.MapType).valuesType, seen)
      const entry = (cursor: Cursor) => {
        string(cursor)
        values.check(cursor)
      }
      return { check: blocks({ check: entry, atLeast: 1 + values.atLeast }), atLeast: 1 }
    }
    case 'record':
    case 'error':
      return record(type as avsc.types.RecordType, seen)
    default:
      throw new FreshetError('INCOMPATIBLE_SCHEMA', `schema: wanted plain Avro, got ${type.typeName}`)
  }
}

function record(type: avsc.types.RecordType, seen: Map<avsc.Type, Compiled>): Compiled {
  const names = type.fields.map(field => field.name)
  const fields = type.fields.map(field => compile(field.type, seen))
  const check = (cursor: Cursor) => {
    if (++cursor.depth > MAX_DEPTH) fail(cursor, `wanted at most ${MAX_DEPTH} records within one another`)
    for (let i = 0; i < fields.length; i++) {
      cursor.field = names[i] as string
      fields[i]?.check(cursor)
    }
    cursor.depth--
  }
  return { check, atLeast: fields.reduce((sum, field) => sum + field.atLeast, 0) }
}

/** Arrays and maps: blocks of a count (negative: then the block's size in bytes follows) and that many items; 0 ends. */
function blocks(item: Compiled): Check {
  return cursor => {
    for (;;) {
      let count = long(cursor)
      if (count === 0) return
      if (count < 0) {
        count = -count
        room(cursor, long(cursor), 'a block')
      }
      if (item.atLeast === 0) cursor.empty -= count
      if (cursor.empty < 0) fail(cursor, `wanted at most ${MAX_EMPTY_ITEMS} empty items`)
      if (item.atLeast > 0) room(cursor, count * item.atLeast, `${count} items`)
      for (let i = 0; i < count; i++) item.check(cursor)
    }
  }
}

function boolean(cursor: Cursor): void {
  const byte = cursor.bytes[cursor.at]
  if (byte !== 0 && byte !== 1) fail(cursor, `wanted a boolean, got ${byte === undefined ? 'the end' : `byte ${byte}`}`)
  cursor.at++
}

function int(cursor: Cursor): void {
  const value = long(cursor)
  if (value !== (value | 0)) fail(cursor, `wanted an int of 32 bits, got ${value}`)
}

function string(cursor: Cursor): void {
  const { bytes } = cursor
  const length = long(cursor)
  room(cursor, length, 'a string')
  const end = cursor.at + length
  let i = cursor.at
  while (i < end && (bytes[i] as number) < 0x80) i++
  if (i < end && !isUtf8(bytes.subarray(i, end))) fail(cursor, 'wanted a string of UTF-8, got other bytes')
  cursor.at = end
}

function index(cursor: Cursor, count: number, what: string): number {
  const value = long(cursor)
  if (value < 0 || value >= count) fail(cursor, `wanted one of ${count} ${what}, got number ${value}`)
  return value
}

/** @returns a zigzag varint of at most ten bytes */
function long(cursor: Cursor): number {
  const { bytes } = cursor
  const start = cursor.at
  const first = bytes[start]
  if (first === undefined) return fail(cursor, 'wanted a value, got the end')
  cursor.at++
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  let byte: number | undefined
  let value = first & 0x7f
  let scale = 128
  do {
    byte = bytes[cursor.at++]
    if (byte === undefined) return fail(cursor, 'wanted a whole number, got the end')
    if (cursor.at - start > 10) return fail(cursor, 'wanted a number of at most ten bytes')
    value += (byte & 0x7f) * scale
    scale *= 128
  } while (byte >= 0x80)
  // Zigzag: even is positive. From 2^53 on the sum may be rounded, but the first byte still has its lowest bit, and even
  // sums are exact up to 2^54.
  const isNegative = (first & 1) === 1
  if (isNegative ? value >= 2 ** 53 : value > 2 * MAX_LONG) {
    return fail(cursor, `wanted an integer within ${LONG_RANGE}, got about ${isNegative ? -value / 2 : value / 2}`)
  }
  return isNegative ? -(value + 1) / 2 : value / 2
}

function skip(cursor: Cursor, length: number, what: string): void {
  room(cursor, length, what)
  cursor.at += length
}

function room(cursor: Cursor, length: number, what: string): void {
  const left = cursor.bytes.length - cursor.at
  if (length < 0 || length > left) fail(cursor, `wanted ${what} in ${left} bytes, got a length of ${length}`)
}

function fail(cursor: Cursor, problem: string): never {
  const where = cursor.field === '' ? '' : `${cursor.field}: `
  throw new FreshetError('INVALID_AVRO', `${where}byte ${Math.min(cursor.at, cursor.bytes.length)}: ${problem}`)
}
