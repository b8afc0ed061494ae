/**
 * Writes Avro binary, compiled once a schema: the same bytes as avsc, which looks values up by type at every step and asks
 * the runtime for the length of every text. Values are checked as they are written.
 */
import type avsc from 'avsc'
import { MAX_LONG, MIN_LONG } from './long.ts'

/** Where the next byte goes. Writing past the end moves `at` on without a trace, so that the length wanted is known. */
export interface Target {
  bytes: Buffer
  at: number
}
/** @throws TypeError where the value is not of the schema */
export type AvroWriter = (target: Target, value: unknown) => void

/** Up to here, of ASCII, a loop over characters is cheaper than two calls into the runtime; the length takes one byte. */
const SHORT = 63

export function avroWriter(type: avsc.Type, seen = new Map<avsc.Type, AvroWriter>()): AvroWriter {
  switch (type.typeName) {
    case 'boolean':
      return boolean
    case 'int':
      return int
    case 'long':
      return long
    case 'float':
      return float
    case 'double':
      return double
    case 'bytes':
      return bytes
    case 'string':
      return string
    case 'union:unwrapped':
      return union(type as avsc.types.UnwrappedUnionType, seen)
    case 'array':
      return array(avroWriter((type as avsc.types.ArrayType).itemsType, seen))
    case 'map':
      return map(avroWriter((type as avsc.types.MapType).valuesType, seen))
    case 'record':
      return seen.get(type) ?? record(type as avsc.types.RecordType, seen)
    default:
      return byAvsc(type) // what no record of ours has
  }
}

function byAvsc(type: avsc.Type): AvroWriter {
  return (target, value) => {
    const end = type.encode(value, target.bytes, target.at)
    target.at = end < 0 ? target.bytes.length - end : end // below 0 it says how many bytes there were too few
  }
}

/** Null or one other type; what else a union may be is left to avsc. */
function union(type: avsc.types.UnwrappedUnionType, seen: Map<avsc.Type, AvroWriter>): AvroWriter {
  const [first, second] = type.types
  if (type.types.length !== 2 || !second || first?.typeName !== 'null') return byAvsc(type)
  const write = avroWriter(second, seen)
  return (target, value) => {
    target.bytes[target.at++] = value === null ? 0 : 2
    if (value !== null) write(target, value)
  }
}

function array(write: AvroWriter): AvroWriter {
  return (target, value) => {
    if (!Array.isArray(value)) return fail('an array', value)
    if (value.length > 0) {
      long(target, value.length)
      for (let i = 0; i < value.length; i++) write(target, value[i])
    }
    target.bytes[target.at++] = 0
  }
}

function map(write: AvroWriter): AvroWriter {
  return (target, value) => {
    if (typeof value !== 'object' || value === null) return fail('a map', value)
    const names = Object.keys(value)
    if (names.length > 0) {
      long(target, names.length)
      for (const name of names) {
        string(target, name)
        write(target, (value as Record<string, unknown>)[name])
      }
    }
    target.bytes[target.at++] = 0
  }
}

/** Compiled to code, so that fields are read by name and each call has one target. Names in Avro are names in JavaScript. */
function record(type: avsc.types.RecordType, seen: Map<avsc.Type, AvroWriter>): AvroWriter {
  let made: AvroWriter | undefined
  seen.set(type, (target, value) => made?.(target, value)) // for a schema that refers to itself
  const writes = type.fields.map(field => avroWriter(field.type, seen))
  const defaults = type.fields.map(field => {
    const value: unknown = field.defaultValue()
    return value === undefined ? undefined : field.type.toBuffer(value)
  })
  const lines = type.fields.map(({ name }, i) => {
    const write = `w${i}(t, v.${name})`
    return defaults[i] ? `if (v.${name} === undefined) raw(t, defaults[${i}]); else ${write}` : write
  })
  const body = `return (t, v) => { if (typeof v !== 'object' || v === null) fail('a record', v); ${lines.join('; ')} }`
  const parameters = ['fail', 'raw', 'defaults', ...writes.map((_, i) => `w${i}`)]
  made = new Function(...parameters, body)(fail, raw, defaults, ...writes) as AvroWriter
  seen.set(type, made)
  return made
}

function boolean(target: Target, value: unknown): void {
  if (typeof value !== 'boolean') fail('a boolean', value)
  target.bytes[target.at++] = value ? 1 : 0
}

function int(target: Target, value: unknown): void {
  if (value !== ((value as number) | 0)) fail('an int', value)
  long(target, value)
}

/** Zigzag, then seven bits a byte, the lowest first. */
function long(target: Target, value: unknown): void {
  const { bytes } = target
  let at = target.at
  if (typeof value === 'number' && value >= -0x4000_0000 && value < 0x4000_0000 && value === (value | 0)) {
    let rest = (value << 1) ^ (value >> 31)
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
  } else {
    if (!Number.isInteger(value) || (value as number) < MIN_LONG || (value as number) > MAX_LONG) fail('a long', value)
    const zigzag = (value as number) >= 0 ? (value as number) * 2 : (value as number) * -2 - 1
    const low = zigzag % 2 ** 28 // the rest fits 32 bits, too: a long has at most 54
    for (let shift = 0; shift < 28; shift += 7) bytes[at++] = (low >>> shift) | 0x80
    let rest = (zigzag - low) / 2 ** 28
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at++] = rest
  }
  target.at = at
}

const scratch = new DataView(new ArrayBuffer(8))

function float(target: Target, value: unknown): void {
  if (typeof value !== 'number') fail('a float', value)
  scratch.setFloat32(0, value as number, true)
  for (let i = 0; i < 4; i++) target.bytes[target.at++] = scratch.getUint8(i)
}

function double(target: Target, value: unknown): void {
  if (typeof value !== 'number') fail('a double', value)
  scratch.setFloat64(0, value as number, true)
  for (let i = 0; i < 8; i++) target.bytes[target.at++] = scratch.getUint8(i)
}

function bytes(target: Target, value: unknown): void {
  if (!Buffer.isBuffer(value)) fail('bytes', value)
  long(target, value.length)
  raw(target, value)
}

function raw(target: Target, value: Buffer): void {
  if (target.at + value.length <= target.bytes.length) target.bytes.set(value, target.at)
  target.at += value.length
}

function string(target: Target, value: unknown): void {
  if (typeof value !== 'string') fail('a string', value)
  const { bytes } = target
  const { length } = value
  if (length <= SHORT) {
    const start = target.at
    bytes[start] = length << 1
    let i = 0
    for (; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 0x7f) break
      bytes[start + 1 + i] = unit
    }
    if (i === length) {
      target.at = start + 1 + length
      return
    }
  }
  const size = Buffer.byteLength(value)
  long(target, size)
  if (target.at + size <= bytes.length) bytes.write(value, target.at, 'utf8')
  target.at += size
}

function fail(wanted: string, value: unknown): never {
  const shown = typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value)
  throw new TypeError(`wanted ${wanted}, got ${shown.slice(0, 100)}`)
}
