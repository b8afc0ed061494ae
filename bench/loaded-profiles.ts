/**
 * State of many visitors, written into the changelog of the user stage without the chain: their events go through the real
 * processors in this process, and the pages that come of them through the real codecs. A start finds it as its own.
 */
import type { Foundation } from '../cli/assemble.ts'
import { withDefaults } from '../connectors/with-defaults.ts'
import { partitionOf } from '../schemas/ids.ts'
import { interaction } from '../schemas/interaction.ts'
import { topicName } from '../schemas/topics.ts'
import { type Progress, progressKey } from '../topology/changelog.ts'
import { changelogName, foldHash, type Stage } from '../topology/graph.ts'
import type { OutRecord } from '../topology/log-port.ts'
import { StageFold } from '../topology/stage-fold.ts'
import { TaskState } from '../topology/state.ts'
import { randomOf } from './random.ts'

const SEED = 20_260_103
const ITEMS = 50_000
const DAY_MS = 86_400_000
/** Event time that the visits of one visitor are spread over. */
const OVER_MS = 20 * DAY_MS
const VISITORS_A_BATCH = 200
const TYPES = ['view', 'view', 'view', 'click', 'click', 'like', 'add_to_cart', 'purchase']
const COUNTRIES = ['AT', 'DE', 'CH', 'FR']

export interface Loaded {
  readonly records: number
  /** Of keys and values. */
  readonly bytes: number
}

export interface LoadOptions {
  readonly profiles: number
  /** Events of a visitor, mean; each has from 1 to twice as many less one. */
  readonly events: number
  readonly signal: AbortSignal
  onProgress(profiles: number): void
}

/** The stages must not have run before. */
export async function loadProfiles(parts: Foundation, options: LoadOptions): Promise<Loaded> {
  const { log, topology, config } = parts
  const stage = topology.stages.find(one => one.name === 'user')
  if (!stage) throw new Error('the graph has no user stage')
  const topic = topicName({ name: changelogName(stage) }, config.namespace)
  const byPartition = Array.from({ length: config.partitions }, (_, partition) => new Visitors(stage, partition, parts))
  const random = randomOf(SEED)
  let records = 0
  let bytes = 0
  const send = async (batch: readonly OutRecord[]) => {
    await log.produce(batch)
    records += batch.length
    for (const { key, value } of batch) bytes += (key?.length ?? 0) + (value?.length ?? 0)
  }
  for (let from = 0; from < options.profiles && !options.signal.aborted; from += VISITORS_A_BATCH) {
    const to = Math.min(options.profiles, from + VISITORS_A_BATCH)
    for (let number = from; number < to; number++) {
      const key = `visitor-${number}`
      const events = 1 + Math.floor(random() * (2 * options.events - 1))
      byPartition[partitionOf(key, config.partitions)]?.visit(key, events, random)
    }
    await send(byPartition.flatMap(visitors => visitors.takePages(topic)))
    options.onProgress(to)
  }
  const positions = Object.fromEntries(stage.inputs.map(input => [topicName(input, config.namespace), 0]))
  const progress: Progress = { hash: foldHash(stage), positions, commit: 1, publishedUpTo: 'all', appliedUpTo: {} }
  const value = Buffer.from(JSON.stringify(progress))
  await send(byPartition.map((_, partition) => ({ topic, partition, key: progressKey, value })))
  return { records, bytes }
}

/** Those of one partition. */
class Visitors {
  readonly #stage: Stage
  readonly #partition: number
  readonly #state: TaskState
  readonly #fold: StageFold
  readonly #nowMs = Date.now()
  #offset = 0

  constructor(stage: Stage, partition: number, { config }: Foundation) {
    this.#stage = stage
    this.#partition = partition
    this.#state = new TaskState(stage)
    this.#fold = new StageFold(stage, this.#state, partition, config.partitions)
  }

  visit(key: string, events: number, random: () => number): void {
    const [input] = this.#stage.inputs
    for (let event = 0; event < events && input; event++) {
      const appendedAtMs = Math.floor(this.#nowMs - OVER_MS + ((event + random()) * OVER_MS) / events)
      const origin = { partition: this.#partition, offset: this.#offset++, appendedAtMs }
      const value = withDefaults(interaction, {
        eventId: `${key}-${event}`,
        userId: key,
        itemId: `item-${Math.floor(random() ** 2 * ITEMS)}`,
        type: TYPES[Math.floor(random() * TYPES.length)] ?? 'view',
        device: 'mobile',
        country: COUNTRIES[Math.floor(random() * COUNTRIES.length)] ?? 'AT',
        occurredAt: appendedAtMs,
      })
      const { rejected } = this.#fold.record(this.#stage.eventsOf(input, key, value, origin), origin)
      if (rejected) throw new Error(`an event of the bench was refused: ${JSON.stringify(rejected)}`)
    }
  }

  /** What the state holds, as records of the changelog; it is empty afterwards. */
  takePages(topic: string): OutRecord[] {
    const records = [...this.#state.changes(topic, this.#partition)]
    this.#state.clear()
    return records
  }
}
