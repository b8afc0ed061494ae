/**
 * Sends traffic at a steady rate, by a client of its own that no fault touches but that of the broker itself. What was not
 * acknowledged is sent again, so an event may stand in the log twice, and never not at all.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Foundation } from '../../cli/assemble.ts'
import { partitionOf } from '../../schemas/ids.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { topicName, topics } from '../../schemas/topics.ts'
import type { OutRecord } from '../../topology/log-port.ts'
import type { Traffic } from './traffic.ts'

const TICK_MS = 20
const AGAIN_MS = 200
/** Of a long wait for the broker, no more than so many ticks are made up for. */
const MAX_BEHIND_MS = 2_000

export class Load {
  readonly #parts: Foundation
  readonly #traffic: Traffic
  readonly #perSecond: number
  /** Every one of them is acknowledged. */
  readonly eventIds = new Set<string>()
  sent = 0
  #isOn = false
  #running: Promise<void> | undefined

  constructor(parts: Foundation, traffic: Traffic, perSecond: number) {
    this.#parts = parts
    this.#traffic = traffic
    this.#perSecond = perSecond
  }

  start(): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#running = this.#run()
  }

  /** Resolves when all that was sent is acknowledged. */
  async pause(): Promise<void> {
    this.#isOn = false
    await this.#running
  }

  /** Besides the steady flow. @returns `topic/partition` → last offset */
  send(events: readonly Interaction[]): Promise<ReadonlyMap<string, number>> {
    for (const event of events) this.eventIds.add(event.eventId)
    this.sent += events.length
    return this.#produce(events.map(event => this.#recordOf(event)))
  }

  async #run(): Promise<void> {
    let dueMs = performance.now()
    while (this.#isOn) {
      const nowMs = performance.now()
      dueMs = Math.max(dueMs, nowMs - MAX_BEHIND_MS)
      const count = Math.floor(((nowMs - dueMs) * this.#perSecond) / 1000)
      dueMs += (count * 1000) / this.#perSecond
      if (count > 0) await this.send(Array.from({ length: count }, () => this.#traffic.next(Date.now())))
      if (this.#traffic.random() < TICK_MS / 1000) await this.#changeItem()
      await wait(TICK_MS)
    }
  }

  async #changeItem(): Promise<void> {
    const { wire, config } = this.#parts
    const { id, value } = this.#traffic.nextItem()
    const bytes = value === null ? null : wire.encode(topics.items, value)
    const topic = topicName(topics.items, config.namespace)
    await this.#produce([{ topic, partition: partitionOf(id, config.partitions), key: Buffer.from(id), value: bytes }])
  }

  #recordOf(event: Interaction): OutRecord {
    const { wire, config } = this.#parts
    const key = Buffer.from(event.userId ?? event.anonymousId ?? '')
    // Half of it as people write it by hand.
    const isJson = this.#traffic.random() < 0.5
    const value = isJson ? Buffer.from(JSON.stringify(event)) : wire.encode(topics.interactions, event)
    const topic = topicName(topics.interactions, config.namespace)
    return { topic, partition: partitionOf(key, config.partitions), key, value }
  }

  async #produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    for (;;) {
      try {
        return await this.#parts.log.produce(records)
      } catch (error) {
        this.#parts.logger.debug({ err: error }, 'not acknowledged, sent again')
        await wait(AGAIN_MS)
      }
    }
  }
}
