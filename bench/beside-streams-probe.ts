/**
 * Reads what a side publishes, read_committed, and times it. An event on item i, at offset o of partition p, is in a list when
 * the list is that of i and `upTo[p]` ≥ o: both sides put the offset into the list with the event's last pair. Its latency is the time from the
 * acknowledgement of the event by Kafka to the arrival of the first such list here; both in this process, on one clock.
 */
import avsc from 'avsc'
import type { Interaction } from '../schemas/interaction.ts'
import { partitionOf } from '../schemas/ids.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { Batch, LogConsumer, OutRecord } from '../topology/log-port.ts'
import type { PairLog } from './beside-streams-log.ts'
import { type TopList, topLists } from './beside-streams-topology.ts'

/** A pause after a batch, so that reading lists leaves the cores to those who make them; it is part of the latency. */
const FETCH_GAP_MS = 2
const HEADER_BYTES = 5

type Head = Pick<TopList, 'upTo' | 'pairs'>
const head = avsc.Type.forSchema({
  type: 'record',
  name: 'freshet.bench.TopList',
  fields: [
    { name: 'upTo', type: { type: 'array', items: 'long' } },
    { name: 'pairs', type: 'long' },
  ],
})
const resolver = head.createResolver(topLists.schema.type)

/** The last list of an item. */
interface Latest extends Head {
  readonly value: Buffer
  readonly atMs: number
}

interface Waiting {
  readonly partition: number
  readonly offset: number
  readonly ackMs: number
}

export class ListProbe {
  readonly #parts: PairLog
  readonly #input: string
  readonly #latest = new Map<string, Latest>()
  /** By partition, so that a rebalance does not begin anew. */
  readonly #next: number[] = []
  #waiting = new Map<string, Waiting[]>()
  #latenciesMs: number[] = []
  #failure: unknown
  #unacknowledged = 0
  #consumer: LogConsumer | undefined
  /** Sum over the last lists of all items. */
  pairs = 0
  /** Lists that have arrived, and the bytes of their values. */
  lists = 0

  private constructor(parts: PairLog) {
    this.#parts = parts
    this.#input = topicName(topics.interactions, parts.config.namespace)
  }

  static async open(parts: PairLog): Promise<ListProbe> {
    const probe = new ListProbe(parts)
    probe.#consumer = await parts.log.consume({
      group: null,
      topics: [topicName(topLists, parts.config.namespace)],
      assignment: 'single',
      fetchGapMs: FETCH_GAP_MS,
      onAssign(assigned, consumer) {
        for (const at of assigned) {
          consumer.seek(at, probe.#next[at.partition] ?? 0)
          consumer.resume(at)
        }
      },
      onBatch: async batch => probe.#take(batch),
      onCrash: error => {
        probe.#failure ??= error
      },
    })
    return probe
  }

  /** @throws what went wrong meanwhile */
  check(): void {
    if (this.#failure) throw this.#failure
  }

  recordOf(event: Interaction): OutRecord {
    const { wire, config } = this.#parts
    const user = event.userId ?? ''
    const value = wire.encode(topics.interactions, event)
    return { topic: this.#input, partition: partitionOf(user, config.partitions), key: Buffer.from(user), value }
  }

  /** @param isTimed - false for an event that changes no list, or of which nobody wants to know */
  send(event: Interaction, isTimed: boolean): void {
    const record = this.recordOf(event)
    this.#unacknowledged++
    this.#parts.log.produce([record]).then(
      appended => {
        this.#unacknowledged--
        if (!isTimed) return
        const { topic, partition } = record
        const offset = appended.get(`${topic}/${partition}`) as number
        this.#await(event.itemId ?? '', { partition, offset, ackMs: performance.now() })
      },
      error => {
        this.#failure ??= error
      },
    )
  }

  get isAcknowledged(): boolean {
    return this.#unacknowledged === 0
  }

  /** @returns of the events timed since the last call, those that arrived; and how many did not */
  takeLatencies(): { readonly latenciesMs: readonly number[]; readonly missing: number } {
    const missing = this.#waiting.values().reduce((sum, waiting) => sum + waiting.length, 0)
    const latenciesMs = this.#latenciesMs
    this.#latenciesMs = []
    this.#waiting = new Map()
    return { latenciesMs, missing }
  }

  lastLists(): Map<string, TopList> {
    return new Map(
      this.#latest.entries().map(([item, { value }]) => [item, this.#parts.wire.decode<TopList>(topLists, value)]),
    )
  }

  async close(): Promise<void> {
    await this.#consumer?.stop()
  }

  #await(item: string, one: Waiting): void {
    const latest = this.#latest.get(item)
    // The list may have been faster than the acknowledgement.
    if (latest && (latest.upTo[one.partition] ?? -1) >= one.offset)
      this.#latenciesMs.push(Math.max(0, latest.atMs - one.ackMs))
    else {
      const waiting = this.#waiting.get(item)
      if (waiting) waiting.push(one)
      else this.#waiting.set(item, [one])
    }
  }

  #take(batch: Batch): void {
    const atMs = performance.now()
    this.#next[batch.partition] = batch.nextOffset
    for (const { key, value } of batch.records) {
      if (!key || !value) continue
      const item = key.toString()
      const { upTo, pairs } = head.decode(value, HEADER_BYTES, resolver).value as Head
      this.lists++
      this.pairs += pairs - (this.#latest.get(item)?.pairs ?? 0)
      this.#latest.set(item, { upTo, pairs, value, atMs })
      const waiting = this.#waiting.get(item)
      if (!waiting) continue
      const left = waiting.filter(one => (upTo[one.partition] ?? -1) < one.offset)
      for (const one of waiting) if ((upTo[one.partition] ?? -1) >= one.offset) this.#latenciesMs.push(atMs - one.ackMs)
      if (left.length > 0) this.#waiting.set(item, left)
      else this.#waiting.delete(item)
    }
  }
}
