/**
 * Redis as the View sees it: the five scripts of `connectors/redis/scripts.ts` and the commands around them, told again in
 * plain code; a flush, and a failover to a replica that is behind. Lifetimes are a day and more and are left out.
 */
import { movePosition, setFieldAndValue, setHash, setHashField, setValue } from '../../connectors/redis/scripts.ts'
import type { ScriptCall } from '../../connectors/redis/write-commands.ts'

type Text = string | Buffer
type Stored = string | ReadonlyMap<string, Text> | ReadonlySet<string>

export interface RedisServerOptions {
  readonly now: () => number
  /** A value was set: what a reader who asks now and again sees. */
  readonly onValue?: (key: string, version: string) => void
  /** False sets whatever comes, newer or not. Default true. */
  readonly isVersioned?: boolean
}

export class RedisServer {
  readonly #o: RedisServerOptions
  #keys = new Map<string, Stored>()
  /** What stood before each change, for a replica that has not heard of it. */
  #journal: { atMs: number; key: string; old: Stored | undefined }[] = []
  /** Rises with everything that takes values away. */
  losses = 0
  /** When that was last. */
  lostAtMs = Number.NEGATIVE_INFINITY

  constructor(options: RedisServerOptions) {
    this.#o = options
  }

  flush(): void {
    this.#keys = new Map()
    this.#lost()
  }

  /** A replica takes over that has not heard of the last `behindMs`. */
  failOver(behindMs: number): void {
    const fromMs = this.#o.now() - behindMs
    for (let last = this.#journal.pop(); last; last = this.#journal.pop()) {
      if (last.atMs < fromMs) break
      if (last.old === undefined) this.#keys.delete(last.key)
      else this.#keys.set(last.key, last.old)
    }
    this.#lost()
  }

  #lost(): void {
    this.#journal = []
    this.losses++
    this.lostAtMs = this.#o.now()
  }

  /** @returns every key of the data set, in order of name */
  image(): Map<string, Stored> {
    return new Map([...this.#keys].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  run({ script, keys: [key = '', second = ''], args }: ScriptCall): string | number {
    const text = (at: number) => String(args[at] ?? '')
    const version = `${text(0)}.${text(1)}`
    if (script === movePosition) {
      const found = this.get(key) ?? ''
      if (found !== text(0)) return found
      this.set(key, text(1))
      return 'ok'
    }
    if (script === setValue) {
      const found = /^\{"v":\[(\d+),(\d+)\]/.exec(this.get(key) ?? '')
      const order = this.#order(version, found && `${found[1]}.${found[2]}`)
      if (order < 1) return order
      this.#told(key, version)
      this.set(key, text(2))
      return 2
    }
    if (script === setHash) {
      const order = this.#order(version, this.hash(key).get('v')?.toString())
      if (order < 1) return order
      this.#told(key, version)
      const fields: [string, Text][] = [['v', version]]
      for (let at = 3; at < args.length; at += 2) fields.push([text(at), args[at + 1] ?? ''])
      this.#put(key, new Map(fields))
      return 2
    }
    if (script !== setHashField && script !== setFieldAndValue) throw new Error('a script that the model does not know')
    const field = text(2)
    const before = this.hash(key)
    const order = this.#order(version, before.get(`v${field}`)?.toString())
    if (order < 1) return order
    this.#told(`${key} ${field}`, version)
    const value = args[3] ?? ''
    this.hset(key, [field, value], [`v${field}`, version])
    if (script === setHashField) return isSame(before.get(field), value) ? 1 : 2
    this.set(second, text(5))
    return 2
  }

  get(key: string): string | undefined {
    const value = this.#keys.get(key)
    return typeof value === 'string' ? value : undefined
  }

  set(key: string, value: string): void {
    this.#put(key, value)
  }

  hash(key: string): ReadonlyMap<string, Text> {
    const value = this.#keys.get(key)
    return value instanceof Map ? value : new Map()
  }

  hset(key: string, ...fields: readonly (readonly [string, Text])[]): void {
    this.#put(key, new Map([...this.hash(key), ...fields]))
  }

  members(key: string): ReadonlySet<string> {
    const value = this.#keys.get(key)
    return value instanceof Set ? value : new Set()
  }

  /** @returns whether it was not there */
  add(key: string, member: string): boolean {
    const before = this.members(key)
    this.#put(key, new Set([...before, member]))
    return !before.has(member)
  }

  /** @returns whether it was there */
  remove(key: string, member: string): boolean {
    const before = this.members(key)
    this.#put(key, new Set([...before].filter(one => one !== member)))
    return before.has(member)
  }

  /** A sorted set is kept as a hash of scores. */
  unscore(key: string, member: string): void {
    this.#put(key, new Map([...this.hash(key)].filter(([one]) => one !== member)))
  }

  /** @returns 1 newer, 0 the same, −1 older, as `cmp` of the scripts */
  #order(version: string, found: string | null | undefined): number {
    if (!found || this.#o.isVersioned === false) return 1
    const [generation = 0, offset = 0] = version.split('.').map(Number)
    const [foundGeneration = 0, foundOffset = 0] = found.split('.').map(Number)
    return Math.sign(generation - foundGeneration || offset - foundOffset)
  }

  #told(key: string, version: string): void {
    this.#o.onValue?.(key, version)
  }

  #put(key: string, value: Stored): void {
    this.#journal.push({ atMs: this.#o.now(), key, old: this.#keys.get(key) })
    this.#keys.set(key, value)
  }
}

const isSame = (a: Text | undefined, b: Text) => a !== undefined && Buffer.from(a).equals(Buffer.from(b))
