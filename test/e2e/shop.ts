/** User and item stages on any log, fed and waited for: what the digests of several runners are compared by. */
import { pino } from 'pino'
import { publisher } from '../../connectors/publisher.ts'
import { defaultFolds } from '../../processors/options.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { topicName } from '../../schemas/topics.ts'
import { type Registry, Wire } from '../../schemas/wire.ts'
import { systemClock } from '../../topology/clock.ts'
import { digestOf, type StoreDigest } from '../../topology/digest.ts'
import { topicsOf } from '../../topology/graph.ts'
import type { LogPort } from '../../topology/log-port.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { readState } from '../../topology/read-state.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { recommender } from '../../topology/recommender.ts'
import { prepareTopics, type Running, type RunOptions, run } from '../../topology/runner.ts'

const LOOK_MS = 100

export const graph = recommender(defaultFolds, {})

export class Shop {
  readonly log: LogPort
  readonly wire: Wire
  readonly namespace: string
  readonly partitions: number

  static async open(log: LogPort, registry: Registry, namespace: string, partitions: number): Promise<Shop> {
    await prepareTopics({ topology: graph, namespace, partitions, log, clock: systemClock })
    return new Shop(log, await Wire.open(registry, namespace, topicsOf(graph)), namespace, partitions)
  }

  private constructor(log: LogPort, wire: Wire, namespace: string, partitions: number) {
    this.log = log
    this.wire = wire
    this.namespace = namespace
    this.partitions = partitions
  }

  readonly nameOf = (topic: { readonly name: string }): string => topicName(topic, this.namespace)

  /** In batches, one after the other, so that the order within a partition is that of the list. */
  async publish(events: readonly Interaction[], batch = 200): Promise<void> {
    const publish = publisher({ log: this.log, wire: this.wire, namespace: this.namespace, timeoutMs: 60_000 })
    for (let i = 0; i < events.length; i += batch) await publish(events.slice(i, i + batch))
  }

  /** @param as - for a process that is another one than this, or another release */
  run(only: readonly string[] = ['user', 'item'], as: Partial<RunOptions> = {}): Promise<Running> {
    return run({
      topology: graph,
      only,
      namespace: this.namespace,
      partitions: this.partitions,
      log: this.log,
      wire: this.wire,
      timing: {
        user: { gapMs: 5, maxMs: 100, maxBytes: 4 << 20 },
        item: { gapMs: 50, maxMs: 100, maxBytes: 4 << 20 },
        sessionTimeoutMs: 6_000,
        fetchGapMs: { user: 0, item: 5, view: 3 },
      },
      clock: systemClock,
      metrics: new RuntimeMetrics(),
      logger: pino({ level: process.env.FRESHET_TEST_LOG ?? 'silent' }),
      onFatal: error => {
        throw error
      },
      ...as,
    })
  }

  /** Resolves when both stages have committed everything that stands in their inputs. */
  async settled({ stages } = graph): Promise<void> {
    for (const stage of stages) {
      // Markers of transactions stand behind the last record, so its offset is looked up, not the end.
      const wanted = new Map<string, number>()
      await readToEnd(this.log, stage.inputs.map(this.nameOf), ({ topic, partition, offset }) =>
        wanted.set(`${partition}/${topic}`, offset),
      )
      await this.#until(async () => {
        const { progress } = await readState(this.log, stage, this.nameOf)
        return [...wanted].every(([id, offset]) => {
          const slash = id.indexOf('/')
          return (progress[Number(id.slice(0, slash))]?.positions[id.slice(slash + 1)] ?? 0) > offset
        })
      })
    }
  }

  /** Resolves when the user stage has committed more than `events` interactions, and is likely in the middle of more. */
  async hasProgress(events: number): Promise<void> {
    const [user] = graph.stages
    if (!user) throw new Error('the graph has no stage')
    await this.#until(async () => {
      const { progress } = await readState(this.log, user, this.nameOf)
      return (
        progress.reduce((sum, one) => sum + Object.values(one?.positions ?? {}).reduce((a, b) => a + b, 0), 0) > events
      )
    })
  }

  async #until(isTrue: () => Promise<boolean>): Promise<void> {
    while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }

  /** Store → digest over all partitions. */
  async digests({ stages } = graph): Promise<Record<string, StoreDigest>> {
    const digests: Record<string, StoreDigest> = {}
    for (const stage of stages) {
      const { states } = await readState(this.log, stage, this.nameOf)
      for (const one of digestOf(stage, states)) digests[one.store] = one
    }
    return digests
  }
}
