/** One consumer of the embedded log. It is woken by commits; between them it costs nothing. */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { FreshetError } from '../../schemas/errors.ts'
import type { ConsumerOptions, LogConsumer, TopicPartition } from '../../topology/log-port.ts'
import { LogPump, type PumpRead, type PumpSource } from '../../topology/log-pump.ts'
import type { EmbeddedStore, Slice, TopicState } from './store.ts'
import type { EmbeddedWriter } from './writer.ts'

const MAX_BATCH_RECORDS = 1_000

const drained = (topic: TopicState, slice: Slice): PumpRead => ({
  ...slice,
  isDrained: slice.nextOffset === topic.next,
})

export class EmbeddedConsumer implements LogConsumer, PumpSource {
  readonly group: string | null
  readonly #store: EmbeddedStore
  readonly #writer: EmbeddedWriter
  readonly #options: ConsumerOptions
  readonly #pump: LogPump
  readonly #onEnd: () => void
  #isEnded = false

  constructor(store: EmbeddedStore, writer: EmbeddedWriter, options: ConsumerOptions, onEnd: () => void) {
    this.group = options.group
    this.#store = store
    this.#writer = writer
    this.#options = options
    this.#pump = new LogPump(options, this)
    this.#onEnd = onEnd
  }

  /** @param isOwner - false for a member of a group whose one partition another member has */
  assign(isOwner: boolean): void {
    const topics = isOwner ? this.#options.topics : []
    this.#pump.assign(
      topics.map(topic => ({ topic, partition: 0, begin: this.#topic(topic).begin })),
      this,
    )
  }

  wake(topic: string): void {
    this.#pump.wake(`${topic}/0`)
  }

  seek(at: TopicPartition, offset: number): void {
    this.#pump.seek(at, offset)
  }

  pause(at: TopicPartition): void {
    this.#pump.pause(at)
  }

  resume(at: TopicPartition): void {
    this.#pump.resume(at)
  }

  async commitOffsets(offsets: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    const group = this.#joined()
    await this.#writer.submit(draft => {
      for (const { topic, offset } of offsets) {
        draft.changes.push({ db: 'meta', key: ['group', group, topic], value: offset })
      }
    })
  }

  async committed(at: readonly TopicPartition[]): Promise<readonly (number | undefined)[]> {
    const group = this.#joined()
    return at.map(({ topic, partition }) => (partition === 0 ? this.#store.groupOffset(group, topic) : undefined))
  }

  async stop(): Promise<void> {
    await this.#pump.stop()
    this.#end()
  }

  // ----------------------------------------------------------------------------------------------- as the pump's source

  read({ topic: name }: TopicPartition, offset: number): PumpRead | undefined | Promise<PumpRead> {
    const topic = this.#topic(name)
    const { begin, next } = topic
    if (offset < begin || offset > next) {
      const message = `${name}[0]: wanted offset ${offset}, the log holds ${begin} to ${next}; the consumer stops`
      throw new FreshetError('DATA_LOST', message)
    }
    const records = topic.tail.read(offset, MAX_BATCH_RECORDS)
    if (offset === next) return undefined
    if (records) return drained(topic, { records, nextOffset: offset + records.length })
    if (topic.settings.cleanup === 'delete')
      return drained(topic, this.#store.read(topic, offset, next, MAX_BATCH_RECORDS))
    return this.#store.readTable(topic, offset, MAX_BATCH_RECORDS).then(slice => drained(topic, slice))
  }

  async heartbeat(): Promise<void> {
    await turn()
  }

  /** Reading costs little here, but whoever catches up must let others have a turn. */
  async breathe(records: number): Promise<void> {
    const { fetchGapMs = 0 } = this.#options
    if (records > 0 && fetchGapMs > 0) await wait(fetchGapMs)
    else await turn()
  }

  onRest(): void {}

  onThrow(error: Error): void {
    if (this.#isEnded) return
    this.#end()
    this.#options.onCrash(error)
  }

  #topic(name: string): TopicState {
    const topic = this.#store.topics.get(name)
    if (topic) return topic
    throw new FreshetError('TOPIC_MISMATCH', `wanted topic ${name}, the log has none of that name`)
  }

  #joined(): string {
    if (this.group !== null) return this.group
    throw new Error('a broadcast reader has no group to commit positions in')
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#pump.kill()
    this.#onEnd()
  }
}
