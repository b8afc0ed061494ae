/** One process of a simulated log: its calls, its consumers, its pauses and its death. */
import { FreshetError } from '../schemas/errors.ts'
import {
  type ConsumerOptions,
  IndefiniteError,
  type LogConsumer,
  type LogPort,
  type OffsetRange,
  type OutRecord,
  type TopicPartition,
  type TopicSettings,
  type Transactor,
} from './log-port.ts'
import type { StepLabel, Verdict } from './scheduler.ts'
import { SimulatedConsumer } from './simulated-consumer.ts'
import type { SimulatedCore } from './simulated-core.ts'
import { SimulatedTransactor } from './simulated-transactor.ts'

/** The process that made this call is dead. */
export class CrashedError extends Error {
  override readonly name = 'CrashedError'
}

class Unavailable extends FreshetError {
  constructor(message: string) {
    super('LOG_UNAVAILABLE', message)
  }
}

export class SimulatedClient implements LogPort {
  readonly name: string
  readonly #core: SimulatedCore
  readonly #consumers = new Set<SimulatedConsumer>()
  #state: 'alive' | 'crashed' | 'closed' = 'alive'
  #silentSinceMs: number | undefined
  readonly #onCrash: () => void
  #produced: Promise<unknown> = Promise.resolve()

  constructor(core: SimulatedCore, name: string, onCrash: () => void = () => {}) {
    this.#core = core
    this.name = name
    this.#onCrash = onCrash
  }

  get isCrashed(): boolean {
    return this.#state === 'crashed'
  }

  /** When it sent its last heartbeat, where it sends none now: it is dead or stopped. */
  get silentSinceMs(): number | undefined {
    return this.#silentSinceMs
  }

  /**
   * As kill −9: no call of this client comes back but as a CrashedError, its consumers hear nothing more, its open
   * transactions stay open until fenced or timed out, its group members until their session times out.
   */
  crash(): void {
    if (this.#state !== 'alive') return
    this.#state = 'crashed'
    this.#silentSinceMs ??= this.#core.now()
    for (const consumer of this.#consumers) consumer.die()
    this.#core.changed()
    this.#onCrash()
  }

  /** As SIGSTOP, for the groups: no heartbeat until {@link resume}. Holding its calls and timers is the caller's part. */
  pause(): void {
    this.#silentSinceMs ??= this.#core.now()
  }

  resume(): void {
    if (this.#state === 'alive') this.#silentSinceMs = undefined
  }

  /** The groups go on without it, and it does not know before its next heartbeat. */
  expel(): void {
    for (const consumer of this.#consumers) consumer.expel()
  }

  /** The seam: waits for the scheduler, and dies here if that is the verdict. */
  async step(label: StepLabel): Promise<Verdict> {
    this.check()
    const verdict = await this.#core.scheduler.step(this.name, label)
    this.check()
    if (verdict === 'crash') this.crash()
    this.check()
    return verdict
  }

  /** One call to the broker, of which request or answer may get lost. @param Lost - what it throws then */
  async call<T>(
    label: StepLabel,
    part: (verdict: Verdict) => T | Promise<T>,
    Lost: new (message: string) => Error = Unavailable,
  ): Promise<T> {
    const verdict = await this.step(label)
    if (verdict === 'lose-request') throw new Lost(`${label}: the request got lost`)
    const answer = await part(verdict)
    if (verdict === 'crash-after') this.crash()
    this.check()
    if (verdict === 'lose-answer') throw new Lost(`${label}: the answer got lost`)
    return answer
  }

  check(): void {
    if (this.#state === 'crashed') throw new CrashedError(`the process ${this.name} has crashed`)
    if (this.#state === 'closed') throw new Error(`the log is closed for ${this.name}`)
  }

  ensureTopics(settings: readonly TopicSettings[]): Promise<readonly string[]> {
    return this.#core.during(() => this.call('topics:ensure', () => this.#core.ensureTopics(settings)))
  }

  offsets(topic: string): Promise<readonly OffsetRange[]> {
    const ranges = () => this.#core.topic(topic).map(partition => partition.range)
    return this.#core.during(() => this.call('topics:offsets', ranges))
  }

  produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    const append = (verdict: Verdict) => {
      if (verdict === 'duplicate') this.#core.append(records)
      return this.#core.append(records)
    }
    const sent = this.#produced.then(() => this.#core.during(() => this.call('produce:append', append)))
    this.#produced = sent.catch(() => undefined)
    return sent
  }

  transactor(id: string): Promise<Transactor> {
    const open = async () => new SimulatedTransactor(this.#core, this, await this.#core.transactions.open(id))
    return this.#core.during(() => this.call('transactor:open', open, IndefiniteError))
  }

  purge(at: TopicPartition, beforeOffset: number): Promise<void> {
    return this.#core.during(() => this.call('topics:purge', () => this.#core.partition(at).purge(beforeOffset)))
  }

  async consume(options: ConsumerOptions): Promise<LogConsumer> {
    this.check()
    const unknown = options.topics.find(topic => !this.#core.has(topic))
    if (unknown) throw new FreshetError('TOPIC_MISMATCH', `wanted topic ${unknown}, the log has none of that name`)
    const consumer = new SimulatedConsumer(this.#core, this, options, () => this.#consumers.delete(consumer))
    this.#consumers.add(consumer)
    consumer.start()
    return consumer
  }

  async close(): Promise<void> {
    if (this.#state !== 'alive') return
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()))
    await this.#produced
    this.#state = 'closed'
  }
}
