/**
 * Records as they travel: Confluent's framing around Avro, or plain JSON.
 *
 *     byte 0      0, or '{' for JSON
 *     bytes 1–4   schema id, big-endian
 *     bytes 5–    Avro binary
 *
 * Reading is synchronous. Ids not seen yet are fetched beforehand, once, and what resolves a writer's schema to ours is
 * kept: built for each record it costs more than a hundred times the reading.
 */
import { isUtf8 } from 'node:buffer'
import avsc from 'avsc'
import { type AvroReader, avroReader } from './avro-reader.ts'
import { FreshetError } from './errors.ts'
import { readJson } from './json-reader.ts'
import type { RecordSchema } from './record.ts'
import { type Topic, topicName } from './topics.ts'

/** Where schema ids come from. Both calls throw FreshetError REGISTRY_UNAVAILABLE where it does not answer. */
export interface Registry {
  /**
   * @param subject - `<topic>-value`
   * @param source - an Avro schema as JSON text. The same one gives the same id, always
   * @throws FreshetError TOPIC_MISMATCH where the subject's latest schema could not be read with this one
   */
  register(subject: string, source: string): Promise<number>
  /** @returns the schema as JSON text, undefined where there is no such id */
  fetch(id: number): Promise<string | undefined>
}

/** A schema that records were written with, or why nothing can be read with it. */
interface Writer {
  readonly type: avsc.Type
  /** Looks the bytes over, and nothing more. */
  readonly check: AvroReader
  /** By the reader's type. */
  readonly readings: Map<avsc.Type, Reading | FreshetError>
}
/** How values of one writer become values of one topic. */
interface Reading {
  /** Writer and reader are the same. */
  readonly isOwn: boolean
  /** @throws FreshetError INVALID_AVRO */
  read(value: Buffer): unknown
}
type Verdict = Writer | FreshetError

const HEADER_BYTES = 5
const JSON_START = 0x7b
/** An id may be registered after a record that names it was written, so "unknown" is asked again. */
const UNKNOWN_FOR_MS = 60_000
/** Ids are the sender's to invent: more unknown ones than a batch can hold are not remembered. */
const MAX_UNKNOWN = 200_000
const FETCHES_AT_ONCE = 16

export class Wire {
  readonly #registry: Registry
  /** By topic name: what stands in front of its values. */
  readonly #headers = new Map<string, Buffer>()
  readonly #verdicts = new Map<number, Verdict>()
  readonly #unknownAtMs = new Map<number, number>()

  private constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Registers the schema of every topic under `<topic>-value`. @throws as `Registry.register` */
  static async open(registry: Registry, namespace: string, topics: readonly Topic<unknown>[]): Promise<Wire> {
    const wire = new Wire(registry)
    for (const topic of topics) {
      const id = await registry.register(`${topicName(topic, namespace)}-value`, topic.schema.source)
      wire.#headers.set(topic.name, headerOf(id))
      wire.#verdicts.set(id, judge(id, topic.schema.source))
    }
    return wire
  }

  /** @throws a plain Error where `value` does not follow the schema, or the topic was not opened: our own defect */
  encode<T>(topic: Topic<T>, value: T): Buffer {
    const header = this.#headers.get(topic.name)
    if (header === undefined) throw new Error(`${topic.name}: wanted a topic given to Wire.open`)
    return topic.schema.encode(value, header)
  }

  /**
   * Fetches the schemas of ids not seen yet; call it for a batch before decoding it.
   * @throws FreshetError REGISTRY_UNAVAILABLE: nothing may be decoded yet; call again after a while
   */
  async prepare(values: Iterable<Buffer | null>): Promise<void> {
    const wanted = new Set<number>()
    const now = performance.now()
    for (const value of values) {
      if (value === null || value.length < HEADER_BYTES || value[0] !== 0) continue
      const id = value.readUInt32BE(1)
      if (this.#verdicts.has(id)) continue
      const unknownAtMs = this.#unknownAtMs.get(id)
      if (unknownAtMs === undefined || now - unknownAtMs > UNKNOWN_FOR_MS) wanted.add(id)
    }
    if (wanted.size === 0) return
    const left = wanted.values()
    // Several readers of one iterator: each takes the next id as soon as it is done with its last.
    await Promise.all(Array.from({ length: Math.min(FETCHES_AT_ONCE, wanted.size) }, () => this.#fetchAll(left)))
  }

  async #fetchAll(ids: Iterable<number>): Promise<void> {
    for (const id of ids) {
      const source = await this.#registry.fetch(id)
      if (source === undefined) {
        this.#unknownAtMs.delete(id) // to the end of the order in which they are forgotten
        this.#unknownAtMs.set(id, performance.now())
        const [oldest] = this.#unknownAtMs.keys()
        if (this.#unknownAtMs.size > MAX_UNKNOWN && oldest !== undefined) this.#unknownAtMs.delete(oldest)
      } else {
        this.#verdicts.set(id, judge(id, source))
        this.#unknownAtMs.delete(id)
      }
    }
  }

  /**
   * @param value - of a record of `topic`, by any producer; null, a tombstone, is not a value of the schema
   * @throws FreshetError UNKNOWN_FORMAT, INVALID_JSON, INVALID_FIELD, UNKNOWN_SCHEMA, INCOMPATIBLE_SCHEMA or INVALID_AVRO;
   *   REGISTRY_UNAVAILABLE where `prepare` has not seen the value
   */
  decode<T>(topic: Topic<T>, value: Buffer | null): T {
    if (value === null) throw new FreshetError('UNKNOWN_FORMAT', 'wanted a value, got null')
    if (value[0] === JSON_START) return readJson(topic.schema, parse(value))
    if (value[0] !== 0) {
      const got = value.length === 0 ? 'no bytes' : `byte ${value[0]}`
      throw new FreshetError('UNKNOWN_FORMAT', `wanted a value that starts with byte 0 (Avro) or { (JSON), got ${got}`)
    }
    if (value.length < HEADER_BYTES) {
      const got = `${value.length} byte${value.length === 1 ? '' : 's'}`
      throw new FreshetError('INVALID_AVRO', `wanted byte 0 and a schema id of 4 bytes, got ${got}`)
    }
    return this.#reading(topic, value).read(value) as T
  }

  /** @returns the plain Avro of a value that was decoded before, where its writer's schema is the topic's own */
  ownAvro(topic: Topic<unknown>, value: Buffer): Buffer | undefined {
    return value[0] === 0 && this.#reading(topic, value).isOwn ? value.subarray(HEADER_BYTES) : undefined
  }

  #reading(topic: Topic<unknown>, value: Buffer): Reading {
    const writer = this.#writer(value.readUInt32BE(1))
    const { type } = topic.schema
    let reading = writer.readings.get(type)
    if (!reading) {
      reading = readingOf(writer, topic.schema)
      writer.readings.set(type, reading)
    }
    if (reading instanceof FreshetError) throw reading
    return reading
  }

  #writer(id: number): Writer {
    const verdict = this.#verdicts.get(id)
    if (verdict instanceof FreshetError) throw verdict
    if (verdict) return verdict
    if (this.#unknownAtMs.has(id)) {
      throw new FreshetError('UNKNOWN_SCHEMA', `wanted a schema id of the registry, got ${id}`)
    }
    throw new FreshetError('REGISTRY_UNAVAILABLE', `schema ${id} has not been fetched yet`)
  }
}

/** By source: what reads a schema is compiled once a process, however many wires there are. Schemas of a registry are few. */
const writers = new Map<string, Writer>()

function judge(id: number, source: string): Verdict {
  const known = writers.get(source)
  if (known) return known
  try {
    const type = avsc.Type.forSchema(JSON.parse(source) as avsc.Schema)
    const writer = { type, check: avroReader(type), readings: new Map() }
    writers.set(source, writer)
    return writer
  } catch (cause) {
    return new FreshetError('INCOMPATIBLE_SCHEMA', `schema ${id}: wanted an Avro schema: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function readingOf(writer: Writer, schema: RecordSchema<unknown>): Reading | FreshetError {
  const { name, type } = schema
  try {
    if (shapeOf(writer.type) === shapeOf(type))
      return { isOwn: true, read: value => schema.decode(value, HEADER_BYTES) }
    const resolver = type.createResolver(writer.type)
    return {
      isOwn: false,
      read(value) {
        writer.check(value, HEADER_BYTES)
        try {
          return type.decode(value, HEADER_BYTES, resolver).value
        } catch (cause) {
          throw new FreshetError('INVALID_AVRO', `wanted ${name}, got: ${messageOf(cause)}`, { cause })
        }
      },
    }
  } catch (cause) {
    const message = `wanted a schema that ${type.name} can be read from: ${messageOf(cause)}`
    return new FreshetError('INCOMPATIBLE_SCHEMA', message, { cause })
  }
}

function headerOf(id: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(id, 1)
  return header
}

/** Names, types and symbols only. `Type.toString` would give no more than the name. */
const shapeOf = (type: avsc.Type): string => JSON.stringify(type.schema())

function parse(value: Buffer): unknown {
  if (!isUtf8(value)) throw new FreshetError('INVALID_JSON', 'wanted JSON in UTF-8, got other bytes')
  try {
    return JSON.parse(value.toString('utf8'))
  } catch (cause) {
    throw new FreshetError('INVALID_JSON', `wanted JSON: ${messageOf(cause)}`, { cause })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
