/**
 * Sends events and sees when the list that knows them can be read. Of the events sent, some are watched: from the moment
 * Kafka has acknowledged one, the head of its visitor's `rec:` key is read every 2 ms until its asOf covers the event.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Foundation } from '../cli/assemble.ts'
import { partitionOf, userVisitor } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { recKeyOf } from '../schemas/keys.ts'
import { topicName, topics } from '../schemas/topics.ts'

const LOOK_EVERY_MS = 2
/** A list starts with its version, visitor, listId and builtAt; asOf stands before the items. */
const HEAD_BYTES = 400
const AS_OF = /"asOf":"(\d+):(\d+)"/

/** An event that was watched; times in ms since the epoch. */
export interface Watched {
  readonly visitor: string
  readonly partition: number
  readonly offset: number
  readonly sentMs: number
  readonly ackMs: number
  /** Undefined where it did not come in time. */
  readableMs?: number
}

const nowMs = (): number => performance.timeOrigin + performance.now()

export class FreshnessProbe {
  readonly #parts: Foundation
  readonly #redis: Redis
  readonly #topic: string
  #waiting = new Set<Watched>()
  #watched: Watched[] = []
  #unacknowledged = 0
  #failure: unknown
  #isLooking = false

  constructor(parts: Foundation, redisUrl: string) {
    this.#parts = parts
    this.#redis = new Redis(redisUrl)
    this.#topic = topicName(topics.interactions, parts.config.namespace)
  }

  send(event: Interaction, isWatched: boolean): void {
    const { log, wire, config } = this.#parts
    const user = event.userId ?? ''
    const partition = partitionOf(user, config.partitions)
    const value = wire.encode(topics.interactions, event)
    const sentMs = nowMs()
    this.#unacknowledged++
    log.produce([{ topic: this.#topic, partition, key: Buffer.from(user), value }]).then(
      appended => {
        this.#unacknowledged--
        if (!isWatched) return
        const offset = appended.get(`${this.#topic}/${partition}`) as number
        const watched: Watched = { visitor: userVisitor(user), partition, offset, sentMs, ackMs: nowMs() }
        this.#watched.push(watched)
        this.#waiting.add(watched)
        if (!this.#isLooking) void this.#look()
      },
      error => {
        this.#failure ??= error
      },
    )
  }

  /** Waits for what is under way, at most `withinMs`. @returns what was watched since the last call */
  async settle(withinMs: number, signal: AbortSignal): Promise<Watched[]> {
    const untilMs = nowMs() + withinMs
    while ((this.#waiting.size > 0 || this.#unacknowledged > 0) && nowMs() < untilMs && !signal.aborted) await wait(10)
    if (this.#failure) throw this.#failure
    const watched = this.#watched
    this.#watched = []
    this.#waiting = new Set()
    return watched
  }

  close(): void {
    this.#waiting.clear()
    this.#redis.disconnect()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      while (this.#waiting.size > 0) {
        const waiting = [...this.#waiting]
        const pipeline = this.#redis.pipeline()
        for (const { visitor } of waiting)
          pipeline.getrange(recKeyOf(this.#parts.config.namespace, visitor), 0, HEAD_BYTES)
        const heads = (await pipeline.exec()) ?? []
        const readableMs = nowMs()
        waiting.forEach((watched, index) => {
          const [, partition, offset] = AS_OF.exec(String(heads[index]?.[1])) ?? []
          if (Number(partition) !== watched.partition || !(Number(offset) >= watched.offset)) return
          watched.readableMs = readableMs
          this.#waiting.delete(watched)
        })
        await wait(LOOK_EVERY_MS)
      }
    } catch (error) {
      this.#failure ??= error
    } finally {
      this.#isLooking = false
    }
  }
}
