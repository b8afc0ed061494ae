/**
 * A registry without a server: ids from 1 upwards, one id a schema whatever the subject, BACKWARD checked against the
 * subject's latest. By itself it forgets everything with the process; `FolderRegistry` keeps what it learns.
 */
import avsc from 'avsc'
import { FreshetError } from '../../schemas/errors.ts'
import type { Registry } from '../../schemas/wire.ts'

/** What a registry knows, and where it writes what it learns before it answers. */
export interface SchemaStore {
  readonly schemas: ReadonlyMap<number, string>
  /** Ids by subject, oldest first. */
  readonly subjects: ReadonlyMap<string, readonly number[]>
  addSchema(id: number, source: string): void
  setSubject(subject: string, ids: readonly number[]): void
}

export class MemoryRegistry implements Registry {
  readonly #store: SchemaStore

  constructor(store: SchemaStore = inMemory()) {
    this.#store = store
  }

  async register(subject: string, source: string): Promise<number> {
    const text = normal(subject, source)
    const ids = this.#store.subjects.get(subject) ?? []
    const known = this.#idOf(text)
    if (known !== undefined && ids.includes(known)) return known
    const latest = ids.at(-1)
    if (latest !== undefined) refuseUnreadable(subject, text, latest, this.#store.schemas.get(latest) ?? 'null')
    const id = known ?? Math.max(0, ...this.#store.schemas.keys()) + 1
    if (known === undefined) this.#store.addSchema(id, text)
    this.#store.setSubject(subject, [...ids, id])
    return id
  }

  async fetch(id: number): Promise<string | undefined> {
    return this.#store.schemas.get(id)
  }

  #idOf(text: string): number | undefined {
    for (const [id, source] of this.#store.schemas) if (source === text) return id
    return undefined
  }
}

function inMemory(): SchemaStore {
  const schemas = new Map<number, string>()
  const subjects = new Map<string, readonly number[]>()
  return {
    schemas,
    subjects,
    addSchema: (id, source) => void schemas.set(id, source),
    setSubject: (subject, ids) => void subjects.set(subject, ids),
  }
}

/** White space apart, the text is the schema's identity. */
function normal(subject: string, source: string): string {
  try {
    const text = JSON.stringify(JSON.parse(source))
    avsc.Type.forSchema(JSON.parse(text) as avsc.Schema)
    return text
  } catch (cause) {
    throw new FreshetError('TOPIC_MISMATCH', `${subject}: wanted an Avro schema: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function refuseUnreadable(subject: string, source: string, latest: number, latestSource: string): void {
  try {
    const reader = avsc.Type.forSchema(JSON.parse(source) as avsc.Schema)
    reader.createResolver(avsc.Type.forSchema(JSON.parse(latestSource) as avsc.Schema))
  } catch (cause) {
    const message = `${subject}: wanted a schema that reads what schema ${latest} wrote: ${(cause as Error).message}`
    throw new FreshetError('TOPIC_MISMATCH', message, { cause })
  }
}
