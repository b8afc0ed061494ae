/**
 * A log that can be cut: from then on what visitors do is no longer told to the stages that count for all. Their own profiles and
 * lists go on. That is what "frozen" means of a system whose parts learn all the time.
 */
import { topics } from '../../schemas/topics.ts'
import type { ConsumerOptions, LogPort, OutRecord, TopicPartition, TopicSettings } from '../../topology/log-port.ts'

const shared: ReadonlySet<string> = new Set([topics.signals.name, topics.sessionClicks.name])

export class CutOffLog implements LogPort {
  readonly #log: LogPort
  #isCut = false

  /** @param log - of the default namespace */
  constructor(log: LogPort) {
    this.#log = log
  }

  cut(): void {
    this.#isCut = true
  }

  ensureTopics(settings: readonly TopicSettings[]) {
    return this.#log.ensureTopics(settings)
  }
  offsets(topic: string) {
    return this.#log.offsets(topic)
  }
  produce(records: readonly OutRecord[]) {
    return this.#log.produce(this.#kept(records))
  }
  async transactor(id: string) {
    const inner = await this.#log.transactor(id)
    return {
      commit: (records: readonly OutRecord[]) => inner.commit(this.#kept(records)),
      close: () => inner.close(),
    }
  }
  purge(at: TopicPartition, beforeOffset: number) {
    return this.#log.purge(at, beforeOffset)
  }
  consume(options: ConsumerOptions) {
    return this.#log.consume(options)
  }
  close() {
    return this.#log.close()
  }

  #kept(records: readonly OutRecord[]): readonly OutRecord[] {
    return this.#isCut ? records.filter(record => !shared.has(record.topic)) : records
  }
}
