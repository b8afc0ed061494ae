/**
 * A record that crosses a process boundary: its Avro schema, and the one way to turn it into bytes and back.
 * Wire framing (magic byte, schema id) is the business of `wire.ts`.
 */
import { readFileSync } from 'node:fs'
import avsc from 'avsc'

export interface RecordSchema<T> {
  /** File name without its ending, `interaction` for `avro/interaction.avsc`. */
  readonly name: string
  /** The `.avsc` as text, as it is registered. */
  readonly source: string
  readonly type: avsc.Type
  /** Plain Avro binary. @throws where `value` does not fit the schema */
  encode(value: T): Buffer
  /** @param bytes - plain Avro binary written with this very schema. @throws where it is not */
  decode(bytes: Buffer): T
}

/** @param name - of a file in `schemas/avro/`, without its ending */
export function recordSchema<T>(name: string): RecordSchema<T> {
  return recordSchemaOf(name, readFileSync(new URL(`./avro/${name}.avsc`, import.meta.url), 'utf8'))
}

/** For records that are no agreement between our own processes. @param source - an Avro schema as JSON text */
export function recordSchemaOf<T>(name: string, source: string): RecordSchema<T> {
  const type = avsc.Type.forSchema(JSON.parse(source) as avsc.Schema)
  return {
    name,
    source,
    type,
    encode: value => type.toBuffer(value),
    decode: bytes => type.fromBuffer(bytes) as T,
  }
}
