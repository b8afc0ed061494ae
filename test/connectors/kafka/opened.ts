/** What the tests against a broker open, and a reader that collects until something is true. */
import { randomUUID } from 'node:crypto'
import type { ICustomPartitioner } from 'kafkajs'
import { KafkaLog, type KafkaLogOptions } from '../../../connectors/kafka/log.ts'
import type { Batch, LogPort, LogRecord, OutRecord, TopicPartition, TopicSettings } from '../../../topology/log-port.ts'

export function brokers(): string[] {
  const given = process.env.FRESHET_TEST_BROKERS
  if (!given) throw new Error('FRESHET_TEST_BROKERS is not set: run the tests by `npm test`, which starts a broker')
  return given.split(',')
}

export const open = (options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> =>
  KafkaLog.open({ brokers: brokers(), clientId: 'test', ...options })

/** For producers of kafkajs itself. */
export const explicitPartitions: ICustomPartitioner =
  () =>
  ({ message }) =>
    message.partition ?? 0

/** @returns the name of a new topic */
export async function newTopic(log: LogPort, settings: Partial<TopicSettings> = {}): Promise<string> {
  const name = `test-${randomUUID()}`
  await log.ensureTopics([{ name, partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: false, ...settings }])
  return name
}

export const out = (topic: string, value: string, partition = 0): OutRecord => ({
  topic,
  partition,
  key: null,
  value: Buffer.from(value),
})

export const valuesOf = (records: readonly LogRecord[]): string[] => records.map(({ value }) => String(value))

/** Resolves once `isTrue`, asked on every `changed`. Test timeouts bound it. */
export class Until {
  #waiting: { isTrue: () => boolean; resolve: () => void }[] = []

  changed(): void {
    this.#waiting = this.#waiting.filter(({ isTrue, resolve }) => {
      const isDone = isTrue()
      if (isDone) resolve()
      return !isDone
    })
  }

  async is(isTrue: () => boolean): Promise<void> {
    if (!isTrue()) await new Promise<void>(resolve => this.#waiting.push({ isTrue, resolve }))
  }
}

/** A member which reads everything it is given, from where `from` says, and remembers what came. */
export class Reader {
  readonly until = new Until()
  readonly batches: Batch[] = []
  readonly records: LogRecord[] = []
  readonly crashes: Error[] = []
  assigned: readonly TopicPartition[] = []
  readonly #stop: () => Promise<void>

  private constructor(stop: () => Promise<void>) {
    this.#stop = stop
  }

  static async start(
    log: LogPort,
    topic: string,
    options: {
      group?: string | null
      assignment?: 'copartition' | 'single'
      topics?: string[]
      from?: (at: TopicPartition) => number
      onBatch?: (batch: Batch) => Promise<void>
    } = {},
  ): Promise<Reader> {
    let stop = async () => {}
    const reader = new Reader(() => stop())
    const consumer = await log.consume({
      group: options.group === undefined ? randomUUID() : options.group,
      topics: options.topics ?? [topic],
      assignment: options.assignment ?? 'copartition',
      onAssign(assigned, member) {
        reader.assigned = assigned
        for (const at of assigned) {
          if (options.from) member.seek(at, options.from(at))
          member.resume(at)
        }
        reader.until.changed()
      },
      async onBatch(batch) {
        await options.onBatch?.(batch)
        reader.batches.push(batch)
        reader.records.push(...batch.records)
        reader.until.changed()
      },
      onCrash(error) {
        reader.crashes.push(error)
        reader.until.changed()
      },
    })
    stop = () => consumer.stop()
    return reader
  }

  /** Waits for so many records. */
  count(records: number): Promise<void> {
    return this.until.is(() => this.records.length >= records)
  }

  /** Waits until the partition has been read to this offset. */
  reached(partition: number, offset: number): Promise<void> {
    return this.until.is(() => this.batches.some(batch => batch.partition === partition && batch.nextOffset >= offset))
  }

  stop(): Promise<void> {
    return this.#stop()
  }
}
