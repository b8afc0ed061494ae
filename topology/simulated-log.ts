/**
 * A log in memory that behaves as Kafka does where it matters: control records take offsets, older holders of a
 * transactional id are fenced, readers stop at the last stable offset and leave aborted records out, groups rebalance.
 * Several clients, as several processes, share one log. With the default scheduler it is a fast log for unit tests:
 *
 *     const log = new SimulatedLog({ now: () => nowMs })
 *     const running = await run({ log, … })
 *     await log.produce([…])
 *     await log.idle()
 */
import type {
  ConsumerOptions,
  LogConsumer,
  LogPort,
  OffsetRange,
  OutRecord,
  TopicPartition,
  TopicSettings,
  Transactor,
} from './log-port.ts'
import { runAtOnce } from './scheduler.ts'
import { SimulatedClient } from './simulated-client.ts'
import { SimulatedCore, type SimulatedOptions } from './simulated-core.ts'

export class SimulatedLog implements LogPort {
  readonly #core: SimulatedCore
  readonly #main: SimulatedClient

  constructor(options: SimulatedOptions = {}) {
    this.#core = new SimulatedCore(options.scheduler ?? runAtOnce, options)
    this.#main = this.client('main')
  }

  /** Another process on the same log. @param onCrash - called when a verdict has killed it, or its own `crash` */
  client(name: string, onCrash?: () => void): SimulatedClient {
    return new SimulatedClient(this.#core, name, onCrash)
  }

  /**
   * Resolves when every consumer has handled everything it may read, no call is unanswered and nothing was started in
   * the turn after. It knows nothing of timers: with work waiting for one, turn that clock first.
   */
  idle(): Promise<void> {
    return this.#core.idle()
  }

  /** What {@link idle} waits for, right now; the turn after may show otherwise. */
  get isAtRest(): boolean {
    return this.#core.isAtRest
  }

  /** What would hold up or hold on to something for ever: open transactions, consumers that were not stopped. */
  get leftovers(): { readonly transactions: number; readonly consumers: number } {
    return { transactions: this.#core.transactions.unfinished, consumers: this.#core.consumers.size }
  }

  /** Call it after turning the clock: transactions and sessions time out, retention deletes. */
  tick(): void {
    this.#core.tick()
  }

  /** @param tombstones - 'drop' once delete.retention.ms would have run out. Default 'keep' */
  compact(topic: string, tombstones: 'keep' | 'drop' = 'keep'): void {
    for (const partition of this.#core.topic(topic)) partition.compact(tombstones)
  }

  ensureTopics(settings: readonly TopicSettings[]): Promise<readonly string[]> {
    return this.#main.ensureTopics(settings)
  }

  offsets(topic: string): Promise<readonly OffsetRange[]> {
    return this.#main.offsets(topic)
  }

  produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    return this.#main.produce(records)
  }

  transactor(id: string): Promise<Transactor> {
    return this.#main.transactor(id)
  }

  /** As Kafka's DeleteRecords: everything before `beforeOffset` is gone, whoever still wanted it. */
  purge(at: TopicPartition, beforeOffset: number): Promise<void> {
    return this.#main.purge(at, beforeOffset)
  }

  consume(options: ConsumerOptions): Promise<LogConsumer> {
    return this.#main.consume(options)
  }

  close(): Promise<void> {
    return this.#main.close()
  }
}
