/** A process's view on the simulated Redis: what `RedisView` does over a connection that breaks, hangs and loses answers. */
import { afterItem, type ScriptCall, scriptCalls } from '../../connectors/redis/write-commands.ts'
import { movePosition } from '../../connectors/redis/scripts.ts'
import {
  isTombstone,
  type MoveResult,
  type PositionMove,
  parseVersion,
  type UserEntry,
  type Version,
  type View,
  type ViewWrite,
  versionText,
} from '../../connectors/view.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { keys, userKeyOf, type ValueKey } from '../../schemas/keys.ts'
import type { Clock } from '../../topology/clock.ts'
import type { AnyVerdict, Label } from './faults.ts'
import type { RedisServer } from './redis-server.ts'

const BATCH = 200
const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 2_000

/** How a process reaches a service outside of it; throws where the process is dead. */
export interface Connection {
  step(label: Label): Promise<AnyVerdict>
  /** Dies where that is the verdict. */
  answer(verdict: AnyVerdict): void
}

export class SimulatedRedisView implements View {
  readonly #server: RedisServer
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #namespace: string
  readonly #listeners: (() => void)[] = []
  #changes = 0
  #connections = 0

  constructor(server: RedisServer, connection: Connection, clock: Clock, namespace: string) {
    this.#server = server
    this.#connection = connection
    this.#clock = clock
    this.#namespace = namespace
  }

  /** The connection is lost, with all that is under way on it. */
  disconnect(): void {
    this.#connections++
  }

  /** The connection was lost, with all that was under way on it, and is there again. */
  reconnect(): void {
    this.disconnect()
    for (const listener of this.#listeners) listener()
  }

  async write(writes: readonly ViewWrite[], stopping?: AbortSignal): Promise<void> {
    for (let at = 0; at < writes.length; at += BATCH) await this.#writeBatch(writes.slice(at, at + BATCH), stopping)
  }

  async #writeBatch(batch: readonly ViewWrite[], stopping: AbortSignal | undefined): Promise<void> {
    const calls = batch.map(write => scriptCalls(write, this.#namespace))
    for (let attempt = 0; ; attempt++) {
      try {
        const results = await this.#run(calls.flat())
        return await this.#finishItems(batch, calls, results, attempt > 0)
      } catch (error) {
        if (!(error instanceof FreshetError)) throw error
        stopping?.throwIfAborted()
        await this.#clock.wait(Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 10), LAST_RETRY_MS))
      }
    }
  }

  #run(calls: readonly ScriptCall[]): Promise<(string | number)[]> {
    return this.#call('redis:scripts', verdict => {
      const done = verdict === 'cut' ? calls.slice(0, calls.length >> 1) : calls
      const results = done.map(call => this.#server.run(call))
      if (verdict === 'cut') throw lost('the connection broke')
      return results
    })
  }

  async #finishItems(
    batch: readonly ViewWrite[],
    calls: readonly (readonly ScriptCall[])[],
    results: readonly (string | number)[],
    isRepeat: boolean,
  ): Promise<void> {
    if (!batch.some(write => write.kind === 'item')) return
    await this.#call('redis:after', () => {
      const [gone, goneAt] = [keys.gone.of(this.#namespace), keys.goneAt.of(this.#namespace)]
      let at = 0
      let isChanged = isRepeat
      for (const [index, write] of batch.entries()) {
        const own = results.slice(at, at + (calls[index]?.length ?? 0)).map(Number)
        at += own.length
        if (write.kind !== 'item') continue
        const { isCurrent, page, change } = afterItem(write, own, isRepeat)
        if (page !== undefined) this.#server.hset(keys.itemPages.of(this.#namespace), [String(page), change])
        isChanged ||= page !== undefined
        if (!isCurrent) continue
        if (write.isGone) {
          this.#server.hset(goneAt, [write.itemId, String(write.goneAtMs)])
          isChanged = this.#server.add(gone, write.itemId) || isChanged
        } else {
          this.#server.unscore(goneAt, write.itemId)
          isChanged = this.#server.remove(gone, write.itemId) || isChanged
        }
      }
      if (isChanged) this.#newItemsVersion()
    })
  }

  async readUser(visitor: string): Promise<UserEntry> {
    const found = this.#server.hash(userKeyOf(this.#namespace, visitor))
    const of = (field: string) => {
      const bytes = Buffer.from(found.get(field) ?? '')
      return bytes.length > 0 ? bytes : undefined
    }
    const [c, s, k] = [of('c'), of('s'), of('k')]
    return { ...(c && { c }), ...(s && { s }), ...(k && { k }) }
  }

  async readValues(
    wanted: readonly { readonly key: ValueKey; readonly id: string }[],
  ): Promise<(string | undefined)[]> {
    const texts = wanted.map(({ key, id }) => this.#server.get(key.of(this.#namespace, id)))
    return texts.map(text => (text === undefined || isTombstone(text) ? undefined : text))
  }

  async itemsVersion(): Promise<string | undefined> {
    return this.#server.get(keys.itemsVersion.of(this.#namespace))
  }
  async itemPages(): Promise<ReadonlyMap<number, string>> {
    const pages = this.#server.hash(keys.itemPages.of(this.#namespace))
    return new Map([...pages].map(([page, change]) => [Number(page), String(change)]))
  }
  async itemPage(page: number): Promise<readonly Buffer[]> {
    const fields = this.#server.hash(keys.itemPage.of(this.#namespace, String(page)))
    return [...fields]
      .filter(([field, bytes]) => !field.startsWith('v') && bytes.length > 0)
      .map(([, bytes]) => Buffer.from(bytes))
  }
  async gone(): Promise<readonly string[]> {
    return [...this.#server.members(keys.gone.of(this.#namespace))]
  }
  pruneGone(beforeMs: number): Promise<void> {
    return this.#call('redis:after', () => {
      const goneAt = keys.goneAt.of(this.#namespace)
      const old = [...this.#server.hash(goneAt)].filter(([, atMs]) => Number(atMs) < beforeMs)
      for (const [itemId] of old) {
        this.#server.remove(keys.gone.of(this.#namespace), itemId)
        this.#server.unscore(goneAt, itemId)
      }
      if (old.length > 0) this.#newItemsVersion()
    })
  }
  #newItemsVersion(): void {
    this.#server.set(keys.itemsVersion.of(this.#namespace), `${this.#server.losses}/${this.#changes++}`)
  }

  readPosition(table: string, partition: number): Promise<Version | undefined> {
    const key = keys.pos.of(this.#namespace, table, String(partition))
    return this.#call('redis:position', () => parseVersion(this.#server.get(key)))
  }

  movePositions(moves: readonly PositionMove[]): Promise<MoveResult[]> {
    const text = (version: Version | undefined) => (version ? versionText(version) : '')
    return this.#call('redis:move', () =>
      moves.map(({ table, partition, from, to }): MoveResult => {
        const key = keys.pos.of(this.#namespace, table, String(partition))
        const result = this.#server.run({ script: movePosition, keys: [key], args: [text(from), text(to)] })
        return result === 'ok' ? { moved: true } : { moved: false, found: parseVersion(String(result)) }
      }),
    )
  }

  onReconnect(listener: () => void): void {
    this.#listeners.push(listener)
  }
  isUp(): boolean {
    return true
  }
  async close(): Promise<void> {}

  /** @throws FreshetError REDIS_UNAVAILABLE where request or answer got lost */
  async #call<T>(label: Label, part: (verdict: AnyVerdict) => T): Promise<T> {
    const connections = this.#connections
    const verdict = await this.#connection.step(label)
    if (verdict === 'lose-request' || connections !== this.#connections) throw lost('the request got lost')
    const answer = part(verdict)
    this.#connection.answer(verdict)
    if (verdict === 'lose-answer') throw lost('the answer got lost')
    return answer
  }
}

const lost = (what: string) => new FreshetError('REDIS_UNAVAILABLE', `Redis: ${what}`)
