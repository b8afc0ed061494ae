/** Writes interactions to the log for the API and for tools: keyed by the raw visitor id, acknowledged when it resolves. */
import { FreshetError } from '../schemas/errors.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import type { LogPort } from '../topology/log-port.ts'

/** @throws FreshetError LOG_UNAVAILABLE when the log did not acknowledge in time; some of the events may be in */
export type Publish = (events: readonly Interaction[]) => Promise<void>

export interface PublisherOptions {
  readonly log: LogPort
  readonly wire: Wire
  readonly namespace: string
  /** Default 5,000. */
  readonly timeoutMs?: number
}

export function publisher({ log, wire, namespace, timeoutMs = 5_000 }: PublisherOptions): Publish {
  const topic = topicName(topics.interactions, namespace)
  let partitions: number | undefined
  async function append(events: readonly Interaction[]) {
    partitions ??= (await log.offsets(topic)).length
    const count = partitions
    await log.produce(
      events.map(event => {
        const key = Buffer.from(event.userId ?? event.anonymousId ?? '')
        return { topic, partition: partitionOf(key, count), key, value: wire.encode(topics.interactions, event) }
      }),
    )
  }
  return async events => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      await Promise.race([append(events), late.promise])
    } catch (cause) {
      const message = `the log did not acknowledge: ${cause instanceof Error ? cause.message : String(cause)}`
      throw new FreshetError('LOG_UNAVAILABLE', message, { cause })
    } finally {
      clearTimeout(timer)
    }
  }
}
