/** The view in process memory, for one machine without Redis. Bounded maps with the same versions and lifetimes. */
import { TOMBSTONE_TTL_SECONDS, type ValueKey } from '../schemas/keys.ts'
import {
  isNewer,
  isTombstone,
  type MoveResult,
  type PositionMove,
  TOMBSTONE,
  type UserEntry,
  type UserField,
  type Version,
  type View,
  type ViewWrite,
  versioned,
  versionText,
} from './view.ts'
import { keys } from '../schemas/keys.ts'
import { isUser, rawIdOf } from '../schemas/ids.ts'

interface Held<T> {
  readonly version: Version
  readonly value: T
  readonly expiresAtMs: number
}
type User = Partial<Record<UserField, Held<Buffer | null>>>

export interface ProcessViewOptions {
  readonly now: () => number
  /** Visitors held; the one written longest ago goes first. Default 200,000, about 12 kB each. */
  readonly maxUsers?: number
  /** JSON values held; the one written longest ago goes first. Default 500,000, 2 to 7 kB each. */
  readonly maxValues?: number
}

export class ProcessView implements View {
  readonly #now: () => number
  readonly #maxUsers: number
  readonly #maxValues: number
  readonly #users = new Map<string, User>()
  /** As bytes, off the heap: a public list has 7 kB. */
  readonly #values = new Map<string, Held<Buffer>>()
  /** Versions only: in process nobody reads the public text. */
  readonly #items = new Map<string, Held<undefined>>()
  readonly #pages = new Map<number, { change: number; readonly rows: Map<number, Held<Buffer>> }>()
  readonly #gone = new Map<string, number>()
  readonly #positions = new Map<string, Version>()
  #changes = 0

  constructor(options: ProcessViewOptions) {
    this.#now = options.now
    this.#maxUsers = options.maxUsers ?? 200_000
    this.#maxValues = options.maxValues ?? 500_000
  }

  async write(writes: readonly ViewWrite[]): Promise<void> {
    for (const write of writes) {
      if (write.kind === 'user') this.#writeUser(write)
      else if (write.kind === 'value') this.#writeValue(write.key, write.id, write.version, write.value ?? TOMBSTONE)
      else this.#writeItem(write)
    }
  }

  #writeUser(write: ViewWrite & { kind: 'user' }) {
    const user = this.#users.get(write.visitor) ?? {}
    const held = this.#live(user[write.field])
    if (held && !isNewer(write.version, held.version)) return
    user[write.field] = this.#hold(write.version, write.value, keys.user.ttlSeconds)
    put(this.#users, write.visitor, user, this.#maxUsers)
    if (write.field !== 'c') return
    const body = write.value ? write.rec : TOMBSTONE
    if (!body) return
    const ttlSeconds = write.value ? keys.rec.ttlSeconds : TOMBSTONE_TTL_SECONDS
    const rec = this.#hold(write.version, Buffer.from(versioned(write.version, body)), ttlSeconds)
    put(this.#values, recName(write.visitor), rec, this.#maxValues)
  }

  #writeValue(key: ValueKey, id: string, version: Version, body: Parameters<typeof versioned>[1]) {
    const name = valueName(key, id)
    const held = this.#live(this.#values.get(name))
    if (held && !isNewer(version, held.version)) return
    const ttlSeconds = body === TOMBSTONE ? TOMBSTONE_TTL_SECONDS : key.ttlSeconds
    put(this.#values, name, this.#hold(version, Buffer.from(versioned(version, body)), ttlSeconds), this.#maxValues)
  }

  #writeItem(write: ViewWrite & { kind: 'item' }) {
    const held = this.#live(this.#items.get(write.itemId))
    if (held && isNewer(held.version, write.version)) return
    this.#items.set(
      write.itemId,
      this.#hold(write.version, undefined, write.text ? keys.item.ttlSeconds : TOMBSTONE_TTL_SECONDS),
    )
    if (write.row) this.#writeRow(write.row, write.version)
    if (write.isGone === this.#gone.has(write.itemId)) return
    if (write.isGone) this.#gone.set(write.itemId, write.goneAtMs)
    else this.#gone.delete(write.itemId)
    this.#changes++
  }

  #writeRow({ page, row, facts }: { page: number; row: number; facts: Buffer | null }, version: Version) {
    const held = this.#pages.get(page) ?? { change: 0, rows: new Map<number, Held<Buffer>>() }
    const before = held.rows.get(row)
    if (before && !isNewer(version, before.version)) return
    const value = facts ?? Buffer.alloc(0)
    held.rows.set(row, this.#hold(version, value, null))
    this.#pages.set(page, held)
    if (before?.value.equals(value)) return
    held.change = ++this.#changes
  }

  async readUser(visitor: string): Promise<UserEntry> {
    const user = this.#users.get(visitor) ?? {}
    const of = (field: UserField) => this.#live(user[field])?.value ?? undefined
    const [c, s, k] = [of('c'), of('s'), of('k')]
    return { ...(c && { c }), ...(s && { s }), ...(k && { k }) }
  }

  async readValues(wanted: readonly { key: ValueKey; id: string }[]): Promise<(string | undefined)[]> {
    return wanted.map(({ key, id }) => {
      const text = this.#live(this.#values.get(valueName(key, id)))?.value.toString()
      return text === undefined || isTombstone(text) ? undefined : text
    })
  }

  async itemsVersion(): Promise<string | undefined> {
    return this.#changes === 0 ? undefined : String(this.#changes)
  }
  async itemPages(): Promise<ReadonlyMap<number, string>> {
    return new Map(Array.from(this.#pages, ([page, held]) => [page, String(held.change)]))
  }
  async itemPage(page: number): Promise<readonly Buffer[]> {
    return Array.from(this.#pages.get(page)?.rows.values() ?? [], held => held.value).filter(bytes => bytes.length > 0)
  }
  async gone(): Promise<readonly string[]> {
    return [...this.#gone.keys()]
  }
  async pruneGone(beforeMs: number): Promise<void> {
    for (const [itemId, atMs] of this.#gone) if (atMs < beforeMs && this.#gone.delete(itemId)) this.#changes++
  }

  async readPosition(table: string, partition: number): Promise<Version | undefined> {
    return this.#positions.get(`${table}:${partition}`)
  }
  async movePositions(moves: readonly PositionMove[]): Promise<MoveResult[]> {
    return moves.map(({ table, partition, from, to }) => {
      const name = `${table}:${partition}`
      const found = this.#positions.get(name)
      if ((found && versionText(found)) !== (from && versionText(from))) return { moved: false, found }
      this.#positions.set(name, to)
      return { moved: true }
    })
  }

  onReconnect(): void {}
  isUp(): boolean {
    return true
  }
  async close(): Promise<void> {}

  /** Forgets everything, as FLUSHALL does. */
  clear(): void {
    for (const map of [this.#users, this.#values, this.#items, this.#pages, this.#gone, this.#positions]) map.clear()
    this.#changes++
  }

  #hold<T>(version: Version, value: T, ttlSeconds: number | null): Held<T> {
    return {
      version,
      value,
      expiresAtMs: ttlSeconds === null ? Number.POSITIVE_INFINITY : this.#now() + ttlSeconds * 1000,
    }
  }
  #live<T>(held: Held<T> | undefined): Held<T> | undefined {
    return held && held.expiresAtMs > this.#now() ? held : undefined
  }
}

const valueName = (key: ValueKey, id: string) => `${key.name}/${id}`
const recName = (visitor: string) => valueName(isUser(visitor) ? keys.rec : keys.recAnonymous, rawIdOf(visitor))

/** Sets and makes `key` the newest; the oldest leaves when there are too many. */
function put<V>(map: Map<string, V>, key: string, value: V, max: number) {
  map.delete(key)
  map.set(key, value)
  if (map.size <= max) return
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}
