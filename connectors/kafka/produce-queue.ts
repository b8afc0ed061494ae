import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { FreshetError } from '../../schemas/errors.ts'
import type { OutRecord } from '../../topology/log-port.ts'
import { isRefused, reasonOf } from './causes.ts'
import { before } from './deadline.ts'
import type { Logger } from './logging.ts'
import { LogProducer } from './producer.ts'
import { type Appended, offsetAt, sendAll, UnknownPartition } from './sends.ts'

interface Call {
  readonly records: readonly OutRecord[]
  resolve(last: ReadonlyMap<string, number>): void
  reject(error: unknown): void
}

/**
 * Appends outside of transactions, idempotently and one send after the other; calls that wait go together with the next
 * send. After an error the producer is dropped and the send repeated by a new one, which the broker cannot recognise as a
 * repetition: so a record whose acknowledgement was lost may be there twice. Within one producer it is not.
 */
export class ProduceQueue {
  readonly #kafka: Kafka
  readonly #timeoutMs: number
  readonly #logger: Logger
  #waiting: Call[] = []
  #producer: Promise<LogProducer> | undefined
  #running: Promise<void> | undefined
  #isClosed = false

  /** @param timeoutMs - how long a call may take before it fails with LOG_UNAVAILABLE */
  constructor(kafka: Kafka, timeoutMs: number, logger: Logger) {
    this.#kafka = kafka
    this.#timeoutMs = timeoutMs
    this.#logger = logger
  }

  /** @throws FreshetError LOG_UNAVAILABLE where no acknowledgement came in time; the records may be there all the same */
  produce(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#isClosed) return Promise.reject(new FreshetError('LOG_UNAVAILABLE', 'the log is closed'))
    if (records.length === 0) return Promise.resolve(new Map())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Waits for what was accepted. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#drop()
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const calls = this.#waiting
      this.#waiting = []
      const error = await this.#send(calls)
      // One refused record must not fail the calls that only happened to wait beside it.
      if (error && calls.length > 1 && isDefinite(error)) for (const call of calls) await this.#settle([call])
      else if (error) for (const call of calls) call.reject(error)
    }
    this.#running = undefined
  }

  async #settle(calls: readonly Call[]): Promise<void> {
    const error = await this.#send(calls)
    if (error) for (const call of calls) call.reject(error)
  }

  /** @returns the error with which these calls fail, undefined when they have been resolved */
  async #send(calls: readonly Call[]): Promise<unknown> {
    const records = calls.length === 1 && calls[0] ? calls[0].records : calls.flatMap(call => call.records)
    const until = Date.now() + this.#timeoutMs
    for (;;) {
      let sending: Promise<Appended> | undefined
      try {
        this.#producer ??= LogProducer.open(this.#kafka, { logger: this.#logger }, until)
        const producer = await before(until, this.#producer)
        sending = sendAll(
          records,
          send => producer.send(send, until),
          () => Date.now() < until,
        )
        answer(calls, await before(until, sending))
        return undefined
      } catch (error) {
        void this.#drop(sending)
        if (isDefinite(error)) return error
        this.#logger.warn({ err: error, records: records.length }, 'the log did not take records')
        if (Date.now() >= until) {
          const what = `${records.length} records not acknowledged within ${this.#timeoutMs} ms`
          return new FreshetError('LOG_UNAVAILABLE', `${what}: ${reasonOf(error)}`, { cause: error })
        }
        await delay(50)
      }
    }
  }

  /** @param sending - kafkajs reconnects to retry, so its end is awaited before the sockets are given back */
  async #drop(sending?: Promise<unknown>): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await sending?.catch(() => undefined)
    try {
      await (await producer)?.close()
    } catch (error) {
      this.#logger.debug({ err: error }, 'a producer could not be disconnected')
    }
  }
}

/** Calls that went together: each is told of its own last records. */
function answer(calls: readonly Call[], appended: Appended): void {
  const counts = new Map<string, number>()
  for (const { records, resolve } of calls) {
    const own = new Set<string>()
    for (const { topic, partition } of records) {
      const place = `${topic}/${partition}`
      own.add(place)
      counts.set(place, (counts.get(place) ?? 0) + 1)
    }
    resolve(
      new Map(Array.from(own, place => [place, offsetAt(appended.get(place) ?? [], (counts.get(place) ?? 0) - 1)])),
    )
  }
}

const isDefinite = (error: unknown): boolean => isRefused(error) || error instanceof UnknownPartition
