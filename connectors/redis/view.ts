/**
 * The view in Redis (one primary; every script touches one slot, so a cluster is a matter of the client). Two connections:
 * writes are retried for as long as it takes, reads have a deadline and a breaker.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import { FreshetError } from '../../schemas/errors.ts'
import { keys, userKeyOf, type ValueKey } from '../../schemas/keys.ts'
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
} from '../view.ts'
import { Breaker } from './breaker.ts'
import { checkEviction } from './eviction.ts'
import { movePosition, scripts } from './scripts.ts'
import { afterItem, type ScriptCall, scriptCalls } from './write-commands.ts'

const BATCH = 200
const IN_FLIGHT = 3
const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 2_000
/** For reads outside requests: whole pages of the item mirror. */
const BULK_DEADLINE_MS = 5_000
/** After it the connection is given up: a peer that vanished says nothing. (socketTimeout of ioredis outlives its socket.) */
const WRITE_DEADLINE_MS = 10_000

export interface RedisViewOptions {
  /** redis:// or rediss:// */
  readonly url: string
  readonly namespace: string
  readonly logger: Logger
  /** Of a read in a request, ms. Default 20. */
  readonly readDeadlineMs?: number
}

type Result = string | number | null

export class RedisView implements View {
  readonly #namespace: string
  readonly #logger: Logger
  readonly #writer: Redis
  readonly #reader: Redis
  readonly #breaker: Breaker
  readonly #listeners: (() => void)[] = []
  readonly #closing = new AbortController()
  readonly #checked = Promise.withResolvers<void>()
  #refused: FreshetError | undefined
  #connections = 0
  #lost = false
  /** Rises with every connection and every loss of one. */
  #connection = 0
  /** The one that listeners have heard of: over no other anything is written. */
  #announced = 0

  /** Connects in the background; Redis may be away. */
  constructor({ url, namespace, logger, readDeadlineMs = 20 }: RedisViewOptions) {
    this.#namespace = namespace
    this.#logger = logger
    this.#breaker = new Breaker(readDeadlineMs)
    const common: RedisOptions = {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      connectTimeout: 2_000,
      retryStrategy: times => Math.min(FIRST_RETRY_MS * 2 ** Math.min(times, 10), LAST_RETRY_MS),
    }
    this.#writer = new Redis(url, { ...common, connectionName: `${namespace}-write` })
    this.#reader = new Redis(url, { ...common, connectionName: `${namespace}-read`, enableAutoPipelining: true })
    this.#checked.promise.catch(() => undefined) // whoever asks through check() hears of it
    this.#writer.on('ready', () => void this.#inspect(++this.#connection))
    this.#writer.on('close', () => {
      this.#connection++
    })
    for (const client of [this.#writer, this.#reader]) client.on('error', error => this.#sayLost(error))
  }

  /** Resolves at the first connection. @throws FreshetError INVALID_CONFIG where Redis may lose keys silently */
  check(): Promise<void> {
    return this.#checked.promise
  }

  async #inspect(connection: number) {
    try {
      checkEviction(await this.#writer.info('memory'))
      for (const { text } of scripts) await this.#writer.script('LOAD', text)
    } catch (error) {
      if (!(error instanceof FreshetError)) return this.#sayLost(error) // lost again: the next connection looks anew
      this.#refused = error
      this.#logger.fatal({ err: error }, 'redis refused')
      return this.#checked.reject(error)
    }
    if (connection !== this.#connection) return // lost again
    this.#refused = undefined
    if (this.#lost || this.#connections === 0) this.#logger.info('redis connected')
    this.#lost = false
    this.#checked.resolve()
    this.#announced = connection
    if (this.#connections++ > 0) for (const listener of this.#listeners) listener()
  }

  #sayLost(error: unknown) {
    if (!this.#lost && !this.#closing.signal.aborted) this.#logger.warn({ err: error }, 'redis away, trying again')
    this.#lost = true
  }

  async write(writes: readonly ViewWrite[], stopping?: AbortSignal): Promise<void> {
    const starts = Array.from({ length: Math.ceil(writes.length / BATCH) }, (_, index) => index * BATCH).values()
    // Any order will do, versions decide; Redis works on one batch while the next is encoded.
    const sender = async () => {
      for (const at of starts) await this.#writeBatch(writes.slice(at, at + BATCH), stopping)
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  }

  async #writeBatch(batch: readonly ViewWrite[], stopping: AbortSignal | undefined): Promise<void> {
    const signal = stopping ? AbortSignal.any([stopping, this.#closing.signal]) : this.#closing.signal
    const calls = batch.map(write => scriptCalls(write, this.#namespace))
    for (let attempt = 0; ; attempt++) {
      if (this.#refused) throw this.#refused
      try {
        const results = await this.#run(calls.flat())
        return await this.#finishItems(batch, calls, results, attempt > 0)
      } catch (error) {
        if (attempt === 0) this.#logger.debug({ err: error }, 'redis write failed, trying again')
        signal.throwIfAborted()
        await wait(Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 10), LAST_RETRY_MS), undefined, { signal })
      }
    }
  }

  /** @throws where the batch has to be sent again; a value that cannot be written at all is logged and left out */
  async #run(calls: readonly ScriptCall[]): Promise<Result[]> {
    if (this.#connection !== this.#announced) throw new Error('a connection that nobody has been told of')
    const pipeline = this.#writer.pipeline()
    for (const call of calls) pipeline.evalsha(call.script.sha, call.keys.length, ...call.keys, ...call.args)
    const replies = (await this.#written(pipeline.exec())) ?? []
    if (replies.length !== calls.length) throw new Error(`wanted ${calls.length} replies, got ${replies.length}`)
    if (replies.some(([error]) => error?.message.startsWith('NOSCRIPT'))) {
      for (const { text } of scripts) await this.#writer.script('LOAD', text)
      throw new Error('scripts loaded anew')
    }
    return replies.map(([error, result], index) => {
      if (!error) return result as Result
      if (!error.message.includes('WRONGTYPE')) throw error
      this.#logger.error({ key: calls[index]?.keys, err: error }, 'a foreign value stands at this key, left alone')
      return -1
    })
  }

  async #finishItems(
    batch: readonly ViewWrite[],
    calls: readonly (readonly ScriptCall[])[],
    results: readonly Result[],
    isRepeat: boolean,
  ): Promise<void> {
    const pipeline = this.#writer.pipeline()
    const [gone, goneAt] = [keys.gone.of(this.#namespace), keys.goneAt.of(this.#namespace)]
    const pages: Record<string, string> = {}
    let at = 0
    for (const [index, write] of batch.entries()) {
      const end = at + (calls[index]?.length ?? 0)
      const own = results.slice(at, end).map(Number)
      at = end
      if (write.kind !== 'item') continue
      const { isCurrent, page, change } = afterItem(write, own, isRepeat)
      if (page !== undefined) pages[page] = change
      if (isCurrent && write.isGone) pipeline.zadd(goneAt, write.goneAtMs, write.itemId).sadd(gone, write.itemId)
      else if (isCurrent) pipeline.zrem(goneAt, write.itemId).srem(gone, write.itemId)
    }
    if (pipeline.length === 0 && Object.keys(pages).length === 0) return
    const replies = (await this.#written(pipeline.exec())) ?? []
    for (const [error] of replies) if (error) throw error
    const isMoved = replies.some(([, result], index) => index % 2 === 1 && result === 1)
    const isChanged = Object.keys(pages).length > 0
    if (isChanged) await this.#writer.hset(keys.itemPages.of(this.#namespace), pages)
    if (isChanged || isMoved || isRepeat) await this.#newItemsVersion()
  }

  readUser(visitor: string): Promise<UserEntry> {
    return this.#breaker.guard(async () => {
      const found = await this.#reader.hmgetBuffer(userKeyOf(this.#namespace, visitor), 'c', 's', 'k')
      const [c, s, k] = found.map(bytes => (bytes && bytes.length > 0 ? bytes : undefined))
      return { ...(c && { c }), ...(s && { s }), ...(k && { k }) }
    })
  }

  readValues(wanted: readonly { readonly key: ValueKey; readonly id: string }[]): Promise<(string | undefined)[]> {
    return this.#breaker.guard(async () => {
      const texts = await Promise.all(wanted.map(({ key, id }) => this.#reader.get(key.of(this.#namespace, id))))
      return texts.map(text => (text === null || isTombstone(text) ? undefined : text))
    })
  }

  async itemsVersion(): Promise<string | undefined> {
    return (await this.#bulk(this.#reader.get(keys.itemsVersion.of(this.#namespace)))) ?? undefined
  }
  async itemPages(): Promise<ReadonlyMap<number, string>> {
    const pages = await this.#bulk(this.#reader.hgetall(keys.itemPages.of(this.#namespace)))
    return new Map(Object.entries(pages).map(([page, change]) => [Number(page), change]))
  }
  async itemPage(page: number): Promise<readonly Buffer[]> {
    const fields = await this.#bulk(this.#reader.hgetallBuffer(keys.itemPage.of(this.#namespace, String(page))))
    return Object.entries(fields)
      .filter(([field, bytes]) => !field.startsWith('v') && bytes.length > 0)
      .map(([, bytes]) => bytes)
  }
  gone(): Promise<readonly string[]> {
    return this.#bulk(this.#reader.smembers(keys.gone.of(this.#namespace)))
  }
  async pruneGone(beforeMs: number): Promise<void> {
    const [gone, goneAt] = [keys.gone.of(this.#namespace), keys.goneAt.of(this.#namespace)]
    const old = await this.#writer.zrangebyscore(goneAt, '-inf', `(${beforeMs}`)
    for (let at = 0; at < old.length; at += BATCH) {
      const some = old.slice(at, at + BATCH)
      await this.#writer.srem(gone, ...some)
      await this.#writer.zrem(goneAt, ...some)
    }
    if (old.length > 0) await this.#newItemsVersion()
  }
  /** Random, so that it differs from the one before even when a flush came between. */
  async #newItemsVersion() {
    await this.#writer.set(keys.itemsVersion.of(this.#namespace), randomUUID())
  }

  async readPosition(table: string, partition: number): Promise<Version | undefined> {
    return parseVersion(await this.#written(this.#writer.get(keys.pos.of(this.#namespace, table, String(partition)))))
  }
  async movePositions(moves: readonly PositionMove[]): Promise<MoveResult[]> {
    const text = (version: Version | undefined) => (version ? versionText(version) : '')
    const results = await this.#run(
      moves.map(({ table, partition, from, to }) => ({
        script: movePosition,
        keys: [keys.pos.of(this.#namespace, table, String(partition))],
        args: [text(from), text(to)],
      })),
    )
    return results.map(result =>
      result === 'ok' ? { moved: true } : { moved: false, found: parseVersion(String(result)) },
    )
  }

  onReconnect(listener: () => void): void {
    this.#listeners.push(listener)
  }
  isUp(): boolean {
    return this.#reader.status === 'ready' && this.#breaker.isClosed
  }
  async close(): Promise<void> {
    this.#closing.abort()
    this.#writer.disconnect()
    this.#reader.disconnect()
  }

  #bulk<T>(reply: Promise<T>): Promise<T> {
    return within(BULK_DEADLINE_MS, reply)
  }
  async #written<T>(reply: Promise<T>): Promise<T> {
    try {
      return await within(WRITE_DEADLINE_MS, reply)
    } catch (error) {
      if (error instanceof FreshetError) this.#writer.disconnect(true)
      throw error
    }
  }
}

/** @throws FreshetError REDIS_UNAVAILABLE at the deadline */
async function within<T>(deadlineMs: number, reply: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new FreshetError('REDIS_UNAVAILABLE', `Redis: no answer within ${deadlineMs} ms`))
  }, deadlineMs)
  try {
    return await Promise.race([reply, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
