/** Event streams to prefill interactions.v1 with, and what must come out of them. */
import { fileURLToPath } from 'node:url'
import type { Foundation } from '../cli/assemble.ts'
import { movietweetings } from '../connectors/mappings/movietweetings.ts'
import { partitionOf } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topicName, topics } from '../schemas/topics.ts'
import type { OutRecord } from '../topology/log-port.ts'
import { readSince } from './bench-log.ts'
import { Traffic } from './traffic.ts'

const BATCH = 1_000
const SEED = 20_260_101
/** So far apart that the most frequent visitor is no bot. */
const ZIPF_GAP_MS = 13_000
const FILMS = fileURLToPath(new URL('../data/movietweetings', import.meta.url))

export const streams: Readonly<Record<string, (events: number) => AsyncGenerator<Interaction>>> = {
  movietweetings: films,
  zipf,
}

/** The ratings by time; played again with new users after each end. The newest is now. */
export async function* films(events: number): AsyncGenerator<Interaction> {
  const ratings: Interaction[] = []
  for await (const rating of movietweetings.events(FILMS, new Map())) ratings.push(rating)
  const [firstMs, lastMs] = [ratings[0]?.occurredAt ?? 0, ratings.at(-1)?.occurredAt ?? 0]
  const plays = Math.ceil(events / ratings.length)
  for (let number = 0; number < events; number++) {
    const play = Math.floor(number / ratings.length)
    const rating = ratings[number % ratings.length] as Interaction
    const laterMs = Date.now() - lastMs - (plays - 1 - play) * (lastMs - firstMs)
    yield {
      ...rating,
      eventId: `${play}/${rating.eventId}`,
      userId: `${play}/${rating.userId}`,
      occurredAt: rating.occurredAt + laterMs,
    }
  }
}

async function* zipf(events: number): AsyncGenerator<Interaction> {
  const traffic = new Traffic({ users: 100_000, items: 50_000, seed: SEED })
  const endMs = Date.now()
  for (let left = events; left > 0; left--) yield traffic.next(endMs - left * ZIPF_GAP_MS)
}

export async function prefill(
  { log, wire, config }: Foundation,
  events: AsyncIterable<Interaction>,
  onProgress: (done: number) => void,
): Promise<void> {
  const topic = topicName(topics.interactions, config.namespace)
  let batch: OutRecord[] = []
  let done = 0
  const flush = async () => {
    await log.produce(batch)
    done += batch.length
    batch = []
    onProgress(done)
  }
  for await (const event of events) {
    const user = event.userId ?? ''
    const value = wire.encode(topics.interactions, event)
    batch.push({ topic, partition: partitionOf(user, config.partitions), key: Buffer.from(user), value })
    if (batch.length === BATCH) await flush()
  }
  await flush()
}

/** Read from signals.v1, independently of what the stages say of themselves. */
export interface Counted {
  /** Sum of SIGNAL.count: one for each interaction admitted. */
  readonly admitted: number
  /** Changes of viewed-with; each goes to both items of its pair. */
  readonly pairs: number
}

export async function countSignals(parts: Foundation): Promise<Counted> {
  let admitted = 0
  let halves = 0
  await readSince(parts, topics.signals, [], ({ value }) => {
    if (!value) return
    for (const { deltas } of parts.wire.decode(topics.signals, value).entries)
      for (const { kind, amount } of deltas) {
        if (kind === SIGNAL.count) admitted += amount
        else if (kind === SIGNAL.viewedWith) halves++
      }
  })
  return { admitted, pairs: halves / 2 }
}
