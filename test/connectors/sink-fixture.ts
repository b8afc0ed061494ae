/** A sink over a simulated log, its tables, and a way to put records into them. */
import pino from 'pino'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { Sink, type SinkOptions, type Written } from '../../connectors/sink.ts'
import type { View } from '../../connectors/view.ts'
import { sinkTopics } from '../../connectors/view-writes.ts'
import { sourceName } from '../../retrieval/sources.ts'
import { type Topic, topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import { HandClock } from '../../topology/clock.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { columnsOf } from '../schemas/list-columns.ts'

export const NOW_MS = 1_700_000_000_000

export async function sinkFixture() {
  const clock = new HandClock(NOW_MS)
  const log = new SimulatedLog({ now: () => clock.now() })
  const wire = await Wire.open(new MemoryRegistry(), 'freshet', sinkTopics as readonly Topic<unknown>[])
  await log.ensureTopics(
    sinkTopics.map(({ name }) => ({ name, partitions: 2, cleanup: 'compact', retentionMs: -1, appendTime: false })),
  )
  const written: Written[] = []
  const crashes: Error[] = []
  return {
    clock,
    log,
    wire,
    written,
    crashes,
    start: (view: View, over: Partial<SinkOptions> = {}) =>
      Sink.start({
        log,
        wire,
        view,
        namespace: 'freshet',
        group: 'test-sink',
        generationOf: () => 0,
        sourceName,
        clock,
        logger: pino({ level: 'silent' }),
        onWritten: one => written.push(one),
        onCrash: error => crashes.push(error),
        ...over,
      }),
    async put<T>(topic: Topic<T>, key: string, value: T | null, partition = 0): Promise<void> {
      const bytes = value === null ? null : wire.encode(topic, value)
      await log.produce([{ topic: topic.name, partition, key: Buffer.from(key), value: bytes }])
    },
    putRaw: (topic: string, key: string, value: Buffer) =>
      log.produce([{ topic, partition: 0, key: Buffer.from(key), value }]),
  }
}

export const listOf = (visitor: string, listId: string, offset = 7) => ({
  visitor,
  listId,
  builtAtMs: NOW_MS,
  partition: 1,
  offset,
  appendedAtMs: NOW_MS - 30,
  model: 'blend-1',
  rung: 'full',
  ...columnsOf([{ itemId: 'm1', score: 0.123456, sources: 1, source: 0, because: ['m9'] }]),
})

export const relatedOf = (itemId: string, neighbour: string) => ({
  itemId,
  relation: 'similar',
  asOfMs: NOW_MS,
  items: [{ itemId: neighbour, score: 0.5 }],
})

export const itemOf = (itemId: string, row: number, available: boolean) => ({
  itemId,
  row,
  epoch: 0,
  revision: 0,
  item: {
    title: `Title ${itemId}`,
    description: null,
    categories: ['Comedy'],
    brand: null,
    creator: null,
    tags: [],
    price: 2.5,
    rating: null,
    durationMs: null,
    publishedAt: null,
    available,
    marginTier: null,
    sponsored: false,
    embedding: null,
    properties: {},
  },
  counts: { view: 3 },
  viewedNorm: [],
  boughtNorm: [],
  newestMs: NOW_MS,
})

/** Turns the event loop until a claim holds; the runner's timeout ends one that never does. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setImmediate(resolve))
}
export const { lists, profiles, related, itemFeatures } = topics
