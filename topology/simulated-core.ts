/** What the clients of one simulated log share: topics, transactions, groups, and whether anything is still going on. */
import { FreshetError } from '../schemas/errors.ts'
import { withoutAborted } from './abort-filter.ts'
import type { LogRecord, OutRecord, TopicPartition, TopicSettings } from './log-port.ts'
import { BROKER, type Scheduler } from './scheduler.ts'
import type { SimulatedConsumer } from './simulated-consumer.ts'
import { SimulatedGroup } from './simulated-group.ts'
import { type AbortFilter, type ReadingOptions, SimulatedPartition } from './simulated-partition.ts'
import { Transactions } from './simulated-transactor.ts'
import { settingsProblems } from './topic-settings.ts'

export interface SimulatedOptions {
  /** The hand-turned clock, ms since the epoch; call `tick` after turning it. Default: it stands at 0. */
  readonly now?: () => number
  readonly scheduler?: Scheduler
  /** Most offsets that one batch covers. Default 500. */
  readonly maxBatchRecords?: number
  /** An open transaction is aborted and its holder fenced after this. Default 3,000, as Freshet asks of Kafka. */
  readonly transactionTimeoutMs?: number
  /** A group waits this long for a member that sends no heartbeat. Default 6,000. */
  readonly sessionTimeoutMs?: number
  /** A rebalance waits this long for handlers to return. Default 30,000. */
  readonly rebalanceTimeoutMs?: number
  /** Time between two heartbeats, after which a member knows that it was dropped. Default 500. */
  readonly heartbeatMs?: number
  /** Told of every record once it can be read, in order within a partition, whatever compaction and retention do later. */
  readonly onCommitted?: (record: LogRecord) => void
  /** How readers leave out aborted records. Default {@link withoutAborted}; 'none' reads uncommitted. */
  readonly filter?: AbortFilter
}

export class SimulatedCore {
  readonly now: () => number
  readonly scheduler: Scheduler
  readonly maxBatchRecords: number
  readonly consumers = new Set<SimulatedConsumer>()
  readonly transactions = new Transactions((id, touched, control) => this.#finish(id, touched, control))
  readonly #transactionTimeoutMs: number
  readonly #sessionTimeoutMs: number
  readonly #rebalanceTimeoutMs: number
  readonly #heartbeatMs: number
  readonly #reading: ReadingOptions
  readonly #topics = new Map<string, { settings: TopicSettings; partitions: SimulatedPartition[] }>()
  readonly #groups = new Map<string, SimulatedGroup>()
  #calls = 0
  #changes = 0
  #waiting: (() => void)[] = []

  constructor(scheduler: Scheduler, options: SimulatedOptions) {
    this.now = options.now ?? (() => 0)
    this.scheduler = scheduler
    this.maxBatchRecords = options.maxBatchRecords ?? 500
    this.#transactionTimeoutMs = options.transactionTimeoutMs ?? 3_000
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 6_000
    this.#rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? 30_000
    this.#heartbeatMs = options.heartbeatMs ?? 500
    this.#reading = { filter: options.filter ?? withoutAborted, onCommitted: options.onCommitted }
  }

  has(topic: string): boolean {
    return this.#topics.has(topic)
  }

  topic(name: string): readonly SimulatedPartition[] {
    const topic = this.#topics.get(name)
    if (!topic) throw new FreshetError('TOPIC_MISMATCH', `wanted topic ${name}, the log has none of that name`)
    return topic.partitions
  }

  partition({ topic, partition }: TopicPartition): SimulatedPartition {
    const partitions = this.topic(topic)
    const found = partitions[partition]
    if (!found) throw new Error(`wanted ${topic}[${partition}], the topic has ${partitions.length} partitions`)
    return found
  }

  group(name: string): SimulatedGroup {
    const group = this.#groups.get(name) ?? new SimulatedGroup(topic => this.topic(topic).length, this.now)
    this.#groups.set(name, group)
    return group
  }

  /** @returns the names of those it created */
  ensureTopics(all: readonly TopicSettings[]): string[] {
    const problems = all.flatMap(wanted => settingsProblems(wanted, this.#topics.get(wanted.name)?.settings))
    if (problems.length > 0) throw new FreshetError('TOPIC_MISMATCH', problems.join('\n'))
    const missing = all.filter(({ name }) => !this.has(name))
    for (const settings of missing) {
      const partitions = Array.from(
        { length: settings.partitions },
        (_, n) => new SimulatedPartition(settings, n, this.#reading),
      )
      this.#topics.set(settings.name, { settings, partitions })
    }
    return missing.map(({ name }) => name)
  }

  /** @throws where one of them cannot be appended */
  check(records: readonly OutRecord[]): void {
    for (const record of records) this.partition(record).check(record)
  }

  append(records: readonly OutRecord[], producerId?: string): Map<string, number> {
    this.check(records)
    const last = new Map<string, number>()
    const writer = producerId === undefined ? undefined : { producerId }
    for (const record of records) {
      const offset = this.partition(record).append(record, this.now(), writer)
      last.set(`${record.topic}/${record.partition}`, offset)
    }
    this.#wake(last.keys())
    return last
  }

  /** Lets what time brings about happen: heartbeats, transactions and sessions that time out, retention. */
  tick(): void {
    const nowMs = this.now()
    this.transactions.expire(nowMs, this.#transactionTimeoutMs)
    for (const group of this.#groups.values()) group.expire(this.#sessionTimeoutMs, this.#rebalanceTimeoutMs)
    for (const consumer of this.consumers) consumer.beat(this.#heartbeatMs)
    for (const { partitions } of this.#topics.values()) for (const one of partitions) one.applyRetention(nowMs)
    this.changed()
  }

  /** Counts a call as going on until it is answered. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls++
    try {
      return await call()
    } finally {
      this.#calls--
      this.changed()
    }
  }

  changed(): void {
    this.#changes++
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** A turn of the event loop without any change, while nothing is going on, is rest. */
  async idle(): Promise<void> {
    for (;;) {
      const before = this.#changes
      await new Promise<void>(resolve => setImmediate(resolve))
      if (before !== this.#changes) continue
      if (this.isAtRest) return
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  /** No call is unanswered, no handler runs, no group forms. */
  get isAtRest(): boolean {
    if (this.#calls > 0) return false
    for (const consumer of this.consumers) if (!consumer.isAtRest) return false
    for (const group of this.#groups.values()) if (group.hasWork) return false
    return true
  }

  #finish(producerId: string, touched: ReadonlySet<string>, control: 'commit' | 'abort'): Promise<void> | undefined {
    const waiting: Promise<void>[] = []
    for (const at of touched) {
      const split = at.lastIndexOf('/')
      const partition = this.partition({ topic: at.slice(0, split), partition: Number(at.slice(split + 1)) })
      const write = () => {
        partition.end({ producerId }, control, this.now())
        this.#wake([at])
      }
      const verdict = this.scheduler.step(BROKER, 'commit:marker')
      if (verdict instanceof Promise) waiting.push(this.during(() => verdict.then(write)))
      else write()
    }
    return waiting.length > 0 ? Promise.all(waiting).then(() => undefined) : undefined
  }

  #wake(partitions: Iterable<string>): void {
    for (const at of partitions) for (const consumer of this.consumers) consumer.wake(at)
    this.changed()
  }
}
