/**
 * A record that crosses a process boundary: its Avro schema, and the one way to turn it into bytes and back.
 * Wire framing (magic byte, schema id) is the business of `wire.ts`.
 */
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import { type AvroReader, avroReader } from './avro-reader.ts'
import { type AvroWriter, avroWriter, type Target } from './avro-writer.ts'

export interface RecordSchema<T> {
  /** File name without its ending, `interaction` for `avro/interaction.avsc`. */
  readonly name: string
  /** The `.avsc` as text, as it is registered. */
  readonly source: string
  readonly type: avsc.Type
  /**
   * Plain Avro binary.
   * @param head - bytes to put in front of it. Default none
   * @throws TypeError naming the field where `value` does not fit the schema
   */
  encode(value: T, head?: Buffer): Buffer
  /**
   * @param bytes - plain Avro binary written with this very schema
   * @param start - where it begins. Default 0
   * @throws FreshetError INVALID_AVRO where it is not
   */
  decode(bytes: Buffer, start?: number): T
}

/** @param name - of a file in `schemas/avro/`, without its ending */
export function recordSchema<T>(name: string): RecordSchema<T> {
  return recordSchemaOf(name, readFileSync(new URL(`./avro/${name}.avsc`, import.meta.url), 'utf8'))
}

/** For records that are no agreement between our own processes. @param source - an Avro schema as JSON text */
export function recordSchemaOf<T>(name: string, source: string): RecordSchema<T> {
  const type = avsc.Type.forSchema(JSON.parse(source) as avsc.Schema)
  let writer: AvroWriter | undefined
  let reader: AvroReader | undefined
  return {
    name,
    source,
    type,
    encode(value, head = NOTHING) {
      writer ??= avroWriter(type)
      try {
        return written(writer, value, head)
      } catch (cause) {
        throw new TypeError(`${name}: ${placeOf(type, value)}${(cause as Error).message}`, { cause })
      }
    },
    decode(bytes, start = 0) {
      reader ??= avroReader(type)
      return reader(bytes, start) as T
    },
  }
}

const NOTHING = Buffer.alloc(0)
/** What a larger record needs is not kept. */
const MAX_SCRATCH_BYTES = 1024 * 1024
let scratch: Buffer = Buffer.allocUnsafeSlow(64 * 1024)

function written(writer: AvroWriter, value: unknown, head: Buffer): Buffer {
  const target: Target = { bytes: scratch, at: head.length }
  writer(target, value)
  if (target.at > scratch.length) {
    target.bytes = Buffer.allocUnsafeSlow(target.at)
    if (target.at <= MAX_SCRATCH_BYTES) scratch = target.bytes
    target.at = head.length
    writer(target, value)
  }
  const bytes = Buffer.allocUnsafe(target.at)
  target.bytes.copy(bytes, 0, 0, target.at)
  head.copy(bytes)
  return bytes
}

/** @returns the path of the first field that does not fit, `items.0.score: `; nothing where that is the record itself */
function placeOf(type: avsc.Type, value: unknown): string {
  let place = ''
  type.isValid(value, {
    errorHook: path => {
      place ||= path.length > 0 ? `${path.join('.')}: ` : ''
    },
  })
  return place
}
