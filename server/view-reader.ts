/**
 * Reads for requests: never throws, never waits longer than the view's deadline. When the view does not answer, what was
 * read last stands in, and the caller learns of it through `degraded`.
 */
import type { UserEntry, View } from '../connectors/view.ts'
import { keys, type ValueKey } from '../schemas/keys.ts'
import type { ScoredItem } from '../schemas/related.ts'

const MAX_USERS = 4_000
const MAX_VALUES = 20_000

export class ViewReader {
  readonly #view: View
  readonly #maxInFlight: number
  readonly #users = new Map<string, UserEntry>()
  readonly #values = new Map<string, readonly ScoredItem[]>()
  #popular: readonly ScoredItem[] = []
  #inFlight = 0

  /** @param maxInFlight - reads under way beyond which requests are answered from memory at once */
  constructor(view: View, maxInFlight: number) {
    this.#view = view
    this.#maxInFlight = maxInFlight
  }

  /** What is popular everywhere, as last heard; never read in a request. */
  get popular(): readonly ScoredItem[] {
    return this.#popular
  }

  /** @throws where the view does not answer; what is held stays */
  async refreshPopular(): Promise<void> {
    const [text] = await this.#view.readValues([{ key: keys.popular, id: 'all' }])
    if (text !== undefined) this.#popular = itemsOf(text)
  }

  async user(visitor: string, degraded: Set<string>): Promise<UserEntry> {
    const entry = await this.#guarded(() => this.#view.readUser(visitor), degraded)
    if (entry) {
      if (entry.c || entry.s) remember(this.#users, visitor, entry, MAX_USERS)
      return entry
    }
    const copy = this.#users.get(visitor)
    if (copy) degraded.add('stale')
    return copy ?? {}
  }

  /** @returns in the order of ids; undefined where there is nothing */
  async ranked(
    key: ValueKey,
    ids: readonly string[],
    degraded: Set<string>,
  ): Promise<(readonly ScoredItem[] | undefined)[]> {
    if (ids.length === 0) return []
    const texts = await this.#guarded(() => this.#view.readValues(ids.map(id => ({ key, id }))), degraded)
    return ids.map((id, index) => {
      const name = `${key.name}/${id}`
      if (!texts) return this.#values.get(name)
      const text = texts[index]
      const items = text === undefined ? undefined : itemsOf(text)
      if (items) remember(this.#values, name, items, MAX_VALUES)
      return items
    })
  }

  async #guarded<T>(read: () => Promise<T>, degraded: Set<string>): Promise<T | undefined> {
    if (this.#inFlight >= this.#maxInFlight) {
      degraded.add('overload')
      return undefined
    }
    this.#inFlight++
    try {
      return await read()
    } catch {
      degraded.add('redis') // the view logs its own state; a line per request would drown it
      return undefined
    } finally {
      this.#inFlight--
    }
  }
}

/** A public value; one that somebody else has written over is as good as none. */
function itemsOf(text: string): readonly ScoredItem[] {
  try {
    const { items } = JSON.parse(text) as { items?: unknown }
    return Array.isArray(items) ? (items as ScoredItem[]) : []
  } catch {
    return []
  }
}

/** The oldest leaves when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V, max: number) {
  map.delete(key)
  map.set(key, value)
  const oldest = map.size > max ? map.keys().next() : undefined
  if (oldest && !oldest.done) map.delete(oldest.value)
}
