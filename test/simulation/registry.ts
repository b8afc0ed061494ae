/** The schema registry of a simulation: one for all processes, which may be away, and lose requests and answers. */
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { FreshetError } from '../../schemas/errors.ts'
import type { Topic } from '../../schemas/topics.ts'
import { type Registry, Wire } from '../../schemas/wire.ts'
import type { Label } from './faults.ts'
import type { Connection } from './redis-view.ts'

/** A wire and where it asks for schemas: opening one costs more than a run, so they are lent out again. */
export interface LentWire {
  readonly wire: Wire
  readonly registry: { now: Registry }
}

/** Of a worker: what every run has. */
export class WirePool {
  readonly #topics: readonly Topic<unknown>[]
  readonly #shared = new MemoryRegistry()
  readonly #free: LentWire[] = []
  #ids = 1_000
  /** Since they were last filled one was wanted and not there. */
  isShort = false

  constructor(topics: readonly Topic<unknown>[]) {
    this.#topics = topics
  }

  /** An id that no wire has heard of. */
  newId(): number {
    return this.#ids++
  }

  /** At once: whether one has to be opened must not change what else happens when. @throws where there is none left */
  lend(): LentWire {
    const free = this.#free.pop()
    if (free) return free
    this.isShort = true
    throw new FreshetError('REGISTRY_UNAVAILABLE', 'no wire is left; the run will be made again with more of them')
  }

  async fill(count: number): Promise<void> {
    this.isShort = false
    while (this.#free.length < count) this.#free.unshift(await this.#open())
  }

  async #open(): Promise<LentWire> {
    const registry = { now: this.#shared as Registry }
    const asked: Registry = {
      register: (subject, source) => this.#shared.register(subject, source),
      fetch: id => registry.now.fetch(id),
    }
    return { wire: await Wire.open(asked, 'freshet', this.#topics), registry }
  }

  /** Not within the run in which it was lent: it knows ids of it. */
  takeBack(lent: readonly LentWire[]): void {
    this.#free.push(...lent)
  }
}

/** The registry as one process reaches it. */
export function connectedRegistry(schemas: ReadonlyMap<number, string>, connection: Connection): Registry {
  return {
    register: () => asked(connection, 'registry:register', () => 0),
    fetch: id => asked(connection, 'registry:fetch', () => schemas.get(id)),
  }
}

async function asked<T>(connection: Connection, label: Label, part: () => T): Promise<T> {
  const verdict = await connection.step(label)
  const isLost = verdict === 'lose-request' || verdict === 'lose-answer'
  connection.answer(verdict)
  if (isLost) throw new FreshetError('REGISTRY_UNAVAILABLE', 'the registry does not answer')
  return part()
}
