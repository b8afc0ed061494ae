/** Waits until all that stood in the sources has come through the stages, views and the sink of this process. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Sink } from '../connectors/sink.ts'
import { topicName } from '../schemas/topics.ts'
import type { Running } from '../topology/runner.ts'
import type { Foundation } from './assemble.ts'

const LOOK_MS = 200
/** Longer than tables wait to be published and an item task to commit. */
const PUBLISHED_MS = 6_000
/** The first takes long, and much comes in meanwhile; after the second only what came in during the first is missing. */
const ROUNDS = 2

interface Reader {
  readonly name: string
  readonly inputs: readonly { readonly name: string }[]
  readonly isStage: boolean
  /** `topic/partition` → next offset to read, or before which all is published. */
  positions(): ReadonlyMap<string, number>
}

export interface Step {
  readonly name: string
  /** Offsets behind it, of those there were when its turn came. */
  readonly done: number
  readonly total: number
}

/**
 * @param sink - left out where none runs yet
 * @throws the signal's reason
 */
export async function untilCaughtUp(
  { config, log, topology }: Foundation,
  running: Running,
  sink: Sink | undefined,
  signal: AbortSignal,
  onStep: (step: Step) => void,
): Promise<void> {
  const nameOf = (topic: { readonly name: string }) => topicName(topic, config.namespace)
  const readers = readersOf(topology, running, sink)
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, inputs, isStage, positions } of readers) {
      const ends = new Map<string, number>()
      for (const topic of inputs.map(nameOf))
        for (const [partition, { begin, end }] of (await log.offsets(topic)).entries())
          if (end > begin) ends.set(`${topic}/${partition}`, end)
      for (;;) {
        signal.throwIfAborted()
        const now = positions()
        const total = sumOf(ends.values())
        const done = sumOf([...ends].map(([id, end]) => Math.min(end, now.get(id) ?? 0)))
        onStep({ name, done, total })
        if (done === total) break
        await wait(LOOK_MS, undefined, { signal })
      }
      if (isStage) await wait(PUBLISHED_MS, undefined, { signal })
    }
}

function readersOf(topology: Foundation['topology'], running: Running, sink: Sink | undefined): Reader[] {
  const named = (positions: Iterable<{ topic: string; partition: number; offset: number }>) =>
    new Map([...positions].map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const stages = topology.stages
    .filter(({ name }) => running.stages.has(name))
    .map(stage => ({
      name: stage.name,
      inputs: stage.inputs,
      isStage: true,
      positions: () =>
        named(
          [...(running.stages.get(stage.name)?.tasks ?? [])].flatMap(([partition, task]) =>
            Object.entries(task.positions).map(([topic, offset]) => ({ topic, partition, offset })),
          ),
        ),
    }))
  const views = topology.views
    .filter(({ name }) => running.views.has(name))
    .map(view => ({
      name: view.name,
      inputs: view.inputs,
      isStage: false,
      positions: () => named(running.views.get(view.name)?.published ?? []),
    }))
  if (!sink) return [...stages, ...views]
  return [
    ...stages,
    ...views,
    { name: 'sink', inputs: topology.sink, isStage: false, positions: () => named(sink.positions()) },
  ]
}

const sumOf = (numbers: Iterable<number>): number => [...numbers].reduce((sum, one) => sum + one, 0)
