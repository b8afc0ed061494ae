/**
 * Runs stages of a topology in this process on any log: creates topics, loads broadcasts, starts a consumer a stage. Any
 * number of processes may run the same stages on one Kafka; partitions spread over them.
 */
import type { Logger } from 'pino'
import type { BroadcastIndex } from '../processors/define.ts'
import { DEFAULT_NAMESPACE, topicName } from '../schemas/topics.ts'
import type { Wire } from '../schemas/wire.ts'
import { Broadcast } from './broadcast.ts'
import type { Clock } from './clock.ts'
import { type AnyTopic, changelogName, type Topology, topicsOf } from './graph.ts'
import { INCARNATIONS, incarnationsOf } from './incarnations.ts'
import type { LogPort, TopicSettings } from './log-port.ts'
import type { RuntimeMetrics } from './metrics.ts'
import { StageRunner } from './stage-runner.ts'
import type { CommitTiming } from './task-work.ts'
import { ViewRunner } from './view-runner.ts'

export interface RunTiming {
  readonly user: CommitTiming
  readonly item: CommitTiming
  readonly sessionTimeoutMs: number
  /** Pause on the client after a batch, so that fetching does not eat the cores: of user stage, item stage, V stages; ms. */
  readonly fetchGapMs: { readonly user: number; readonly item: number; readonly view: number }
}

export interface RunOptions {
  readonly topology: Topology
  /** Names of stages and views to run here; default all. */
  readonly only?: readonly string[]
  readonly namespace: string
  readonly partitions: number
  readonly log: LogPort
  readonly wire: Wire
  readonly timing: RunTiming
  readonly clock: Clock
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  /** Something that trying again does not mend; the process should say so and stop. */
  readonly onFatal: (error: Error) => void
}

export interface Running {
  readonly stages: ReadonlyMap<string, StageRunner>
  readonly views: ReadonlyMap<string, ViewRunner>
  /** Resolves when every broadcast of this process is loaded. */
  readonly ready: Promise<void>
  /** Commits what is processed, publishes nothing new, leaves the groups. */
  stop(): Promise<void>
}

export const settingsOf = (topic: AnyTopic, namespace: string, partitions: number): TopicSettings => ({
  name: topicName(topic, namespace),
  partitions,
  cleanup: topic.kind === 'table' ? 'compact' : 'delete',
  retentionMs: topic.kind === 'table' ? -1 : topic.retentionMs,
  appendTime: topic.appendTime,
})

/** Settings of every topic that the topology reads or writes, changelogs and the table of incarnations with them. */
export function topicSettings(topology: Topology, namespace: string, partitions: number): TopicSettings[] {
  const internal = (name: string): TopicSettings => ({
    name: topicName({ name }, namespace),
    partitions,
    cleanup: 'compact',
    retentionMs: -1,
    appendTime: false,
  })
  return [
    ...topicsOf(topology).map(topic => settingsOf(topic, namespace, partitions)),
    ...topology.stages.map(stage => internal(changelogName(stage))),
    internal(INCARNATIONS),
  ]
}

/**
 * Creates what is missing; to be awaited before anything reads or writes.
 * @returns topic name (with namespace) → generation, for the versions of a View
 */
export async function prepareTopics(
  options: Pick<RunOptions, 'topology' | 'namespace' | 'partitions' | 'log' | 'clock'> & {
    /** What stands in the table of incarnations, where that was read before. */
    readonly known?: ReadonlyMap<string, number> | undefined
  },
): Promise<ReadonlyMap<string, number>> {
  const { topology, namespace, partitions, log, clock, known } = options
  const settings = topicSettings(topology, namespace, partitions)
  const created = await log.ensureTopics(settings)
  const table = topicName({ name: INCARNATIONS }, namespace)
  const names = settings.map(one => one.name).filter(name => name !== table)
  const lease = `${appOf(namespace)}.incarnations`
  return incarnationsOf({ log, table, partitions, lease, names, created, known, clock })
}

/** Prefix of groups and transactional ids of a namespace. */
export const appOf = (namespace: string): string =>
  namespace === DEFAULT_NAMESPACE ? DEFAULT_NAMESPACE : `${DEFAULT_NAMESPACE}.${namespace}`

/** @param options - topics must have been prepared, see {@link prepareTopics} */
export async function run(options: RunOptions): Promise<Running> {
  const { topology, only, namespace, timing, onFatal } = options
  const isWanted = (node: { name: string }) => only === undefined || only.includes(node.name)
  const shared = {
    ...options,
    app: appOf(namespace),
    nameOf: (topic: { readonly name: string }) => topicName(topic, namespace),
    sessionTimeoutMs: timing.sessionTimeoutMs,
  }
  const views = topology.views.filter(isWanted)
  const broadcastTopics = [
    ...new Map(views.flatMap(view => view.broadcasts).map(topic => [topic.name, topic])).values(),
  ]
  const broadcast = new Broadcast({ ...shared, topics: broadcastTopics })

  const viewRunners = new Map<string, ViewRunner>()
  for (const view of views) {
    const indexes = new Map<string, BroadcastIndex>()
    for (const topic of view.broadcasts) {
      const create = view.indexes?.[topic.name]
      if (!create) throw new Error(`${view.name} has no index for ${topic.name}`)
      const index = create()
      indexes.set(topic.name, index)
      broadcast.addIndex(topic, index)
    }
    viewRunners.set(
      view.name,
      new ViewRunner({ ...shared, view, broadcast, indexes, fetchGapMs: timing.fetchGapMs.view }),
    )
  }
  const stageRunners = new Map<string, StageRunner>()
  for (const stage of topology.stages.filter(isWanted)) {
    const kind = stage.framedInput ? 'item' : 'user'
    stageRunners.set(
      stage.name,
      new StageRunner({ ...shared, stage, timing: timing[kind], fetchGapMs: timing.fetchGapMs[kind] }),
    )
  }

  await broadcast.start()
  await Promise.all([...stageRunners.values()].map(runner => runner.start()))
  const viewsStarted = Promise.all([...viewRunners.values()].map(runner => runner.start()))
  viewsStarted.catch(onFatal)

  return {
    stages: stageRunners,
    views: viewRunners,
    ready: viewsStarted.then(() => undefined),
    async stop() {
      await Promise.all([...stageRunners.values(), ...viewRunners.values()].map(runner => runner.stop()))
      await broadcast.stop()
    },
  }
}
