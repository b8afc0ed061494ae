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
import { ItemFollowUp } from './item-follow-up.ts'
import { movePosition, scripts } from './scripts.ts'
import { Sender } from './sender.ts'
import { requestOf, type ScriptCall, scriptCalls } from './write-commands.ts'

const BATCH = 200
const IN_FLIGHT = 3
const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 2_000
/** For reads outside requests: whole pages of the item mirror. */
const BULK_DEADLINE_MS = 5_000
/** Without an answer, after which the connection is given up. (socketTimeout of ioredis outlives its socket.) */
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
  readonly #sender: Sender
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
    this.#sender = new Sender(this.#writer, WRITE_DEADLINE_MS)
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
      checkEviction(String(await this.#sender.ask('INFO', 'memory')))
      await this.#loadScripts()
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
    if (writes.length <= BATCH) return this.#writeBatch(writes, stopping)
    const starts = Array.from({ length: Math.ceil(writes.length / BATCH) }, (_, index) => index * BATCH).values()
    // Any order will do, versions decide; Redis works on one batch while the next is encoded.
    const sender = async () => {
      for (const at of starts) await this.#writeBatch(writes.slice(at, at + BATCH), stopping)
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  }

  async #writeBatch(batch: readonly ViewWrite[], stopping: AbortSignal | undefined): Promise<void> {
    const calls = batch.map(write => scriptCalls(write, this.#namespace))
    const sent = calls.flat()
    for (let attempt = 0; ; attempt++) {
      if (this.#refused) throw this.#refused
      try {
        return await this.#finishItems(batch, calls, await this.#run(sent), attempt > 0)
      } catch (error) {
        if (attempt === 0) this.#logger.debug({ err: error }, 'redis write failed, trying again')
        const signal = stopping ? AbortSignal.any([stopping, this.#closing.signal]) : this.#closing.signal
        signal.throwIfAborted()
        await wait(Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 10), LAST_RETRY_MS), undefined, { signal })
      }
    }
  }

  /** @throws where the batch has to be sent again; a value that cannot be written at all is logged and left out */
  async #run(calls: readonly ScriptCall[]): Promise<Result[]> {
    if (this.#connection !== this.#announced) throw new Error('a connection that nobody has been told of')
    const replies = await this.#sender.send(calls.map(requestOf))
    let isForgotten = false
    for (const [index, reply] of replies.entries()) {
      if (!(reply instanceof Error)) continue
      if (reply.message.startsWith('NOSCRIPT')) isForgotten = true
      else if (!reply.message.includes('WRONGTYPE')) throw reply
      else {
        this.#logger.error({ key: calls[index]?.keys, err: reply }, 'a foreign value stands at this key, left alone')
        replies[index] = -1
      }
    }
    if (isForgotten) {
      await this.#loadScripts()
      throw new Error('scripts loaded anew')
    }
    return replies as Result[]
  }

  async #loadScripts(): Promise<void> {
    for (const { text } of scripts) await this.#sender.ask('SCRIPT', 'LOAD', text)
  }

  async #finishItems(
    batch: readonly ViewWrite[],
    calls: readonly (readonly ScriptCall[])[],
    results: readonly Result[],
    isRepeat: boolean,
  ): Promise<void> {
    const followUp = new ItemFollowUp(this.#namespace)
    let at = 0
    for (const [index, write] of batch.entries()) {
      const end = at + (calls[index]?.length ?? 0)
      if (write.kind === 'item') followUp.add(write, results.slice(at, end).map(Number), isRepeat)
      at = end
    }
    const requests = followUp.requests()
    if (requests.length === 0) return
    const replies = await this.#sender.send(requests)
    for (const reply of replies) if (reply instanceof Error) throw reply
    if (isRepeat || followUp.isNews(replies)) await this.#newItemsVersion()
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
    const old = await this.#bulk(this.#reader.zrangebyscore(goneAt, '-inf', `(${beforeMs}`))
    for (let at = 0; at < old.length; at += BATCH) {
      const some = old.slice(at, at + BATCH)
      await this.#sender.ask('SREM', gone, ...some)
      await this.#sender.ask('ZREM', goneAt, ...some)
    }
    if (old.length > 0) await this.#newItemsVersion()
  }
  /** Random, so that it differs from the one before even when a flush came between. */
  async #newItemsVersion() {
    await this.#sender.ask('SET', keys.itemsVersion.of(this.#namespace), randomUUID())
  }

  async readPosition(table: string, partition: number): Promise<Version | undefined> {
    const text = await this.#sender.ask('GET', keys.pos.of(this.#namespace, table, String(partition)))
    return parseVersion(text === null ? undefined : String(text))
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
