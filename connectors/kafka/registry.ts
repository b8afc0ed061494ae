/**
 * A Confluent-compatible schema registry over HTTP. The client is asked for ids and schemas only: its own decoding
 * resolves the schema anew for every record.
 */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import { FreshetError } from '../../schemas/errors.ts'
import type { Registry } from '../../schemas/wire.ts'

const TIMEOUT_MS = 10_000 // the client itself waits for ever
/** What a client may send again later: too slow, too many, and the server's own errors. */
const BUSY = new Set([408, 429])
/** A gateway of the client reports a connection that failed as status 400 without a word from the registry. */
const NO_ANSWER = /^[^ ]* - Error, status 400/

/**
 * The client registers a new subject first and sets BACKWARD on it then. In between, and for ever after a crash in
 * between, some registries answer with their global level, NONE. And of two processes that start at once one may hear
 * 409, "already exists", where it should hear the id.
 */
const IS_UNSET = /\(BACKWARD != NONE\)$/
const MAX_ATTEMPTS = 4

export class ConfluentRegistry implements Registry {
  readonly #client: SchemaRegistry
  readonly #host: string
  readonly #timeoutMs: number
  readonly #authorization: { authorization?: string }

  /** @param url - `http://host:port/path`, with `user:password@` where the registry wants one */
  constructor(url: string, { timeoutMs = TIMEOUT_MS } = {}) {
    this.#timeoutMs = timeoutMs
    const { username, password, origin, pathname } = new URL(url)
    const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
    this.#host = origin + pathname.replace(/\/+$/, '')
    this.#client = new SchemaRegistry({
      host: this.#host,
      clientId: 'freshet',
      retry: { retries: 0 }, // the caller waits and asks again
      ...(username && { auth }),
    })
    const basic = Buffer.from(`${auth.username}:${auth.password}`).toString('base64')
    this.#authorization = username ? { authorization: `Basic ${basic}` } : {}
  }

  async register(subject: string, source: string): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#registerOnce(subject, source)
      } catch (error) {
        if (!(error instanceof FreshetError) || attempt === MAX_ATTEMPTS) throw error
        if (IS_UNSET.test(error.message)) await this.#setBackward(subject)
        else if (statusOf(error.cause) !== 409) throw error
      }
    }
  }

  async #setBackward(subject: string): Promise<void> {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json', ...this.#authorization }
    try {
      const response = await fetch(`${this.#host}/config/${encodeURIComponent(subject)}`, {
        method: 'PUT',
        headers,
        body: '{"compatibility":"BACKWARD"}',
        signal: AbortSignal.timeout(this.#timeoutMs),
      })
      const answer = await response.text()
      // 409: another process has set it just now.
      if (!response.ok && response.status !== 409)
        throw new Error(`status ${response.status} on setting ${subject} to BACKWARD: ${answer}`)
    } catch (cause) {
      throw this.#unavailable(cause)
    }
  }

  async #registerOnce(subject: string, source: string): Promise<number> {
    try {
      const schema = { type: SchemaType.AVRO, schema: source } as const
      // The client would name the subject after the record; and it sets BACKWARD on a subject's first registration.
      const options = { subject, compatibility: COMPATIBILITY.BACKWARD }
      return (await this.#inTime(this.#client.register(schema, options))).id
    } catch (cause) {
      if (this.#isAway(cause)) throw this.#unavailable(cause)
      const message = `${subject}: the registry refused the schema: ${messageOf(cause)}`
      throw new FreshetError('TOPIC_MISMATCH', message, { cause })
    }
  }

  async fetch(id: number): Promise<string | undefined> {
    try {
      const schema: unknown = await this.#inTime(this.#client.getSchema(id))
      return textOf(schema)
    } catch (cause) {
      if (this.#isAway(cause)) throw this.#unavailable(cause)
      if (statusOf(cause) !== undefined) return undefined // 404; 400 or 422 for an id that cannot be one
      return `unreadable: ${messageOf(cause)}` // it is there, and is no schema for any reader
    }
  }

  /** The client knows no timeout, and a registry that hangs must not hold a task for ever. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(this.#unavailable(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs)
    return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
  }

  #isAway(error: unknown): boolean {
    if (error instanceof FreshetError) return true
    const status = statusOf(error)
    if (status === undefined) return false
    return (
      status >= 500 ||
      status < 400 ||
      status === 401 ||
      status === 403 ||
      BUSY.has(status) ||
      NO_ANSWER.test(messageOf(error))
    )
  }

  #unavailable(cause: unknown): FreshetError {
    if (cause instanceof FreshetError) return cause
    return new FreshetError('REGISTRY_UNAVAILABLE', `${this.#host}: ${messageOf(cause)}`, { cause })
  }
}

/** @returns the Avro schema as JSON text; for another kind of schema a text that is no Avro */
function textOf(schema: unknown): string {
  const isAvro =
    typeof schema === 'object' && schema !== null && 'schema' in schema && typeof schema.schema === 'function'
  return isAvro
    ? JSON.stringify((schema as { schema(options: object): unknown }).schema({ exportAttrs: true }))
    : 'no Avro'
}

function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : undefined
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
