/**
 * The whole graph with its sink and a view in memory, on the simulated log, one process: the code that ships, with a clock that
 * goes from event to event. What is published is worked off until nothing is left to do.
 */
import { pino } from 'pino'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { ProcessView } from '../../connectors/process-view.ts'
import { Sink } from '../../connectors/sink.ts'
import { defaultFolds, type FoldOptions } from '../../processors/options.ts'
import { sourceName } from '../../retrieval/sources.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'
import { DEFAULT_NAMESPACE, topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import { runtimeOptions } from '../../topology/config-options.ts'
import { type AnyTopic, changelogName, type Topology, topicsOf } from '../../topology/graph.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { recommender } from '../../topology/recommender.ts'
import { prepareTopics, type Running, type RunTiming, run } from '../../topology/runner.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { CutOffLog } from './cut-off-log.ts'
import { EventClock } from './event-clock.ts'

const TIMING: RunTiming = {
  user: { gapMs: 0, maxMs: 100, maxBytes: 4 << 20 },
  item: { gapMs: 0, maxMs: 1_000, maxBytes: 4 << 20 },
  sessionTimeoutMs: 6_000,
  fetchGapMs: { user: 0, item: 0, view: 0 },
}
/** What a process without options of its own runs with. */
const lists = {
  stored: runtimeOptions.listCandidates.default,
  intervalMs: runtimeOptions.listIntervalMs.default,
  maxAgeMs: runtimeOptions.listMaxAgeMs.default,
}
/** Tables and changelogs are compacted after so many records published, so that memory holds the last values and little more. */
const COMPACT_EVERY = 2_000
const silent = pino({ level: process.env.FRESHET_TEST_LOG ?? 'silent' })

export interface GraphOptions {
  readonly folds?: Partial<FoldOptions>
  /** Where the clock begins, ms since the epoch. */
  readonly startMs: number
}

export class Graph {
  readonly clock: EventClock
  readonly view: ProcessView
  readonly #log: SimulatedLog
  readonly #cut: CutOffLog
  readonly #wire: Wire
  readonly #topology: Topology
  readonly #builtMs: Map<string, number>
  readonly #wanted: { visitor: string | undefined }
  #running: Running | undefined
  #sink: Sink | undefined
  #fatal: Error | undefined
  #published = 0

  static async open(options: GraphOptions): Promise<Graph> {
    const builtMs = new Map<string, number>()
    const wanted = { visitor: undefined }
    const topology = withSweep(recommender({ ...defaultFolds, ...options.folds }, lists), builtMs, wanted)
    const wire = await Wire.open(new MemoryRegistry(), DEFAULT_NAMESPACE, topicsOf(topology))
    const graph = new Graph(options.startMs, topology, wire, builtMs, wanted)
    await graph.#start()
    return graph
  }

  private constructor(
    startMs: number,
    topology: Topology,
    wire: Wire,
    builtMs: Map<string, number>,
    wanted: { visitor: string | undefined },
  ) {
    this.clock = new EventClock(startMs)
    this.view = new ProcessView({ now: () => this.clock.now() })
    this.#topology = topology
    this.#wire = wire
    this.#builtMs = builtMs
    this.#wanted = wanted
    this.#log = new SimulatedLog({ now: () => this.clock.now() })
    this.#cut = new CutOffLog(this.#log)
  }

  /** From here on nothing that others would see is counted. */
  freeze(): void {
    this.#cut.cut()
  }

  async publishItems(items: Iterable<readonly [string, Item]>): Promise<void> {
    const records = [...items].map(([key, value]) => ({ key, value: this.#wire.encode(topics.items, value) }))
    await this.#publish(topics.items, records)
  }

  async publish(interactions: readonly Interaction[]): Promise<void> {
    const records = interactions.map(one => ({
      key: one.userId ?? one.anonymousId ?? '',
      value: this.#wire.encode(topics.interactions, one),
    }))
    await this.#publish(topics.interactions, records)
  }

  /** Moves the clock on, rings what is due, and waits until nothing is left to do. */
  async moveTo(atMs: number): Promise<void> {
    this.clock.moveTo(atMs)
    await this.settle()
  }

  /**
   * The list of a visitor that has grown old is built anew, as the sweep of a process that is up all the time would have done: it
   * goes through visitors between events.
   */
  async sweepFor(visitor: string): Promise<void> {
    const builtMs = this.#builtMs.get(visitor)
    if (builtMs === undefined || builtMs >= this.clock.now() - lists.maxAgeMs) return
    this.#wanted.visitor = visitor
    await this.moveTo(this.clock.now() + SWEPT_MS)
    this.#wanted.visitor = undefined
  }

  /** Waits until every reader has read all there is and what it built is in the view. @throws what has ended a part of the graph */
  async settle(): Promise<void> {
    do {
      await this.#log.idle()
      if (this.#fatal) throw this.#fatal
    } while (this.#running?.views.get('list')?.isIdle === false)
  }

  async close(): Promise<void> {
    await this.#turningUntil(this.#sink?.stop())
    await this.#turningUntil(this.#running?.stop())
    await this.#log.close()
  }

  async #start(): Promise<void> {
    const { clock } = this
    const shared = { topology: this.#topology, namespace: DEFAULT_NAMESPACE, partitions: 1, log: this.#cut, clock }
    const generations = await prepareTopics(shared)
    const onFatal = (error: Error) => {
      this.#fatal ??= error
    }
    this.#running = await run({
      ...shared,
      wire: this.#wire,
      timing: TIMING,
      metrics: new RuntimeMetrics(),
      logger: silent,
      onFatal,
    })
    this.#sink = await Sink.start({
      log: this.#cut,
      wire: this.#wire,
      view: this.view,
      namespace: DEFAULT_NAMESPACE,
      group: 'freshet.sink',
      generationOf: topic => generations.get(topic) ?? 0,
      sourceName,
      clock,
      logger: silent,
      onCrash: onFatal,
    })
    await this.#turningUntil(this.#running.ready)
    await this.settle()
  }

  async #publish(topic: AnyTopic, records: readonly { readonly key: string; readonly value: Buffer }[]): Promise<void> {
    await this.#log.produce(
      records.map(({ key, value }) => ({ topic: topic.name, partition: 0, key: Buffer.from(key), value })),
    )
    this.#published += records.length
    if (this.#published < COMPACT_EVERY) return
    this.#published = 0
    await this.settle()
    for (const { kind, name } of topicsOf(this.#topology)) if (kind === 'table') this.#log.compact(name, 'drop')
    for (const stage of this.#topology.stages) this.#log.compact(changelogName(stage), 'drop')
  }

  /** What waits for a timer gets it. */
  async #turningUntil(work: Promise<unknown> | undefined): Promise<void> {
    let isDone = false
    const done = Promise.resolve(work).finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise(resolve => setImmediate(resolve))
      if (!isDone) this.clock.moveTo(this.clock.now() + 5)
    }
    await done
  }
}

/** Longer than what lies between two looks of the sweep. */
const SWEPT_MS = 60

/** The graph, with the builds of lists noted and the sweep led to the visitor who is asked for. */
function withSweep(
  graph: Topology,
  builtMs: Map<string, number>,
  wanted: { readonly visitor: string | undefined },
): Topology {
  return {
    ...graph,
    views: graph.views.map(view => {
      if (view.name !== 'list') return view
      return {
        ...view,
        create(context) {
          const instance = view.create(context)
          const build = instance.build.bind(instance)
          instance.build = (key, nowMs) => {
            builtMs.set(key, nowMs)
            return build(key, nowMs)
          }
          // Lists that nobody asks for need not be swept.
          instance.sweep = nowMs => {
            const { visitor } = wanted
            return visitor !== undefined && (builtMs.get(visitor) ?? nowMs) < nowMs - SWEPT_MS ? visitor : undefined
          }
          return instance
        },
      }
    }),
  }
}
