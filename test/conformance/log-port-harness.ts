/** What the cases of the LogPort suite are written with: topics and groups of their own, and a reader to wait on. */
import { randomUUID } from 'node:crypto'
import type {
  Batch,
  ConsumerOptions,
  LogConsumer,
  LogPort,
  LogRecord,
  OutRecord,
  TopicPartition,
  TopicSettings,
} from '../../topology/log-port.ts'

export interface OpenedLog {
  readonly log: LogPort
  cleanup(): Promise<void>
  readonly capabilities: LogCapabilities
}

export interface LogCapabilities {
  /** Names of cases this log is not held to, each with the reason. */
  readonly leftOut?: Readonly<Record<string, string>>
  /** Sends the records in a transaction of this id and dies before its end. Without it, leave out the cases that need it. */
  leaveOpen?(id: string, records: readonly OutRecord[]): Promise<void>
}

export interface LogCase {
  /** A sentence that could be false. */
  readonly name: string
  run(harness: Harness): Promise<void>
}

export const text = (record: LogRecord): string => record.value?.toString() ?? 'null'
export const texts = (records: readonly LogRecord[]): string[] => records.map(text)

type ReaderOptions = Partial<Omit<ConsumerOptions, 'topics'>> & {
  /** Where each partition starts; the default is its beginning. */
  readonly from?: number
  readonly isPaused?: boolean
}

export class Harness {
  readonly log: LogPort
  readonly capabilities: LogCapabilities
  readonly #run = randomUUID().slice(0, 8)
  #names = 0

  constructor({ log, capabilities }: OpenedLog) {
    this.log = log
    this.capabilities = capabilities
  }

  /** A name no other test of any run uses. */
  name(stem: string): string {
    return `${stem}-${this.#run}-${this.#names++}`
  }

  settings(changes: Partial<TopicSettings> = {}): TopicSettings {
    const name = this.name('suite')
    return { name, partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: true, ...changes }
  }

  async topic(changes: Partial<TopicSettings> = {}): Promise<string> {
    const settings = this.settings(changes)
    await this.log.ensureTopics([settings])
    return settings.name
  }

  async end(topic: string, partition = 0): Promise<number> {
    return (await this.log.offsets(topic))[partition]?.end ?? -1
  }

  /** Produces values as text, each with the value as its key. */
  async produce(topic: string, ...values: string[]): Promise<number> {
    return (await this.log.produce(out(topic, ...values))).get(`${topic}/0`) ?? -1
  }

  async read(topics: string | readonly string[], options: ReaderOptions = {}): Promise<Reader> {
    const reader = new Reader(typeof topics === 'string' ? [topics] : topics, options)
    reader.consumer = await this.log.consume(reader.options)
    return reader
  }
}

export const out = (topic: string, ...values: string[]): OutRecord[] =>
  values.map(value => ({ topic, partition: 0, key: Buffer.from(value), value: Buffer.from(value) }))

/** Collects what one consumer is given. */
export class Reader {
  readonly options: ConsumerOptions
  readonly records: LogRecord[] = []
  readonly batches: Batch[] = []
  readonly assignments: (readonly TopicPartition[])[] = []
  readonly crashes: Error[] = []
  consumer: LogConsumer | undefined
  #waiting: (() => void)[] = []

  constructor(topics: readonly string[], options: ReaderOptions) {
    const { from, isPaused = false } = options
    this.options = {
      group: options.group ?? null,
      topics,
      assignment: options.assignment ?? 'copartition',
      onAssign: (assigned, consumer) => {
        this.assignments.push(assigned)
        if (options.onAssign) options.onAssign(assigned, consumer)
        else {
          for (const at of assigned) {
            if (from !== undefined) consumer.seek(at, from)
            if (!isPaused) consumer.resume(at)
          }
        }
        this.#changed()
      },
      onBatch: async batch => {
        await options.onBatch?.(batch)
        this.batches.push(batch)
        this.records.push(...batch.records)
        this.#changed()
      },
      onCrash: error => {
        this.crashes.push(error)
        this.#changed()
      },
    }
  }

  get texts(): string[] {
    return texts(this.records)
  }

  /** The client's own, once `consume` has returned. */
  get port(): LogConsumer {
    if (!this.consumer) throw new Error('consume has not returned')
    return this.consumer
  }

  /** Waits for a batch, an assignment or a crash after which the condition holds. */
  async until(condition: (reader: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** Waits until the last batch of partition 0 ends at `offset` or later. */
  async reaches(offset: number): Promise<void> {
    await this.until(({ batches }) => batches.some(batch => batch.partition === 0 && batch.nextOffset >= offset))
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
