/** What must hold of a run that has come to rest: I1, I2, I4 and V. */
import { AssertionError } from 'node:assert'
import { type Logged, recountAdmission } from '../../audit/admission.ts'
import { viewWrites, sinkTopics } from '../../connectors/view-writes.ts'
import type { StateTable } from '../../processors/define.ts'
import { IMPRESSION } from '../../processors/interaction-types.ts'
import { defaultFolds } from '../../processors/options.ts'
import { sourceName } from '../../retrieval/sources.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'
import { itemsOf } from '../../schemas/list-items.ts'
import type { Profile } from '../../schemas/profile.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import type { Rejected } from '../../schemas/rejected.ts'
import type { SessionClick } from '../../schemas/session-click.ts'
import type { SignalFrame } from '../../schemas/signal-frame.ts'
import { type Topic, topics } from '../../schemas/topics.ts'
import { systemClock } from '../../topology/clock.ts'
import type { LogRecord } from '../../topology/log-port.ts'
import { appendedAtMs } from '../../topology/record-headers.ts'
import { assertRecount } from '../recount/compare.ts'
import type { CatalogueChange } from '../recount/outcome.ts'
import { NAMESPACE } from './process.ts'
import { relatedKeyOf } from './published.ts'
import { RedisServer } from './redis-server.ts'
import { SimulatedRedisView } from './redis-view.ts'
import { redisDifference } from './redis-difference.ts'
import type { World } from './world.ts'
import { VISITORS } from './workload.ts'

export async function checkOutcome(world: World): Promise<void> {
  await world.wire.prepare(world.witness.records(topics.interactions.name).map(record => record.value))
  const log = logged(world)
  checkRecount(world, log)
  checkRejected(world)
  checkFrames(world)
  checkTables(world)
  checkLastWords(world, log)
  checkRanked(world)
  await checkRedis(world)
}

/**
 * What every rest must show, before anything new is published: it would make again what was left out.
 * @returns false where something does not hold
 */
export async function checkPublished(world: World): Promise<boolean> {
  checkRanked(world)
  await checkRedis(world)
  return world.breach === undefined
}

const idOf = ({ topic, partition, offset }: Pick<LogRecord, 'topic' | 'partition' | 'offset'>) =>
  `${topic}/${partition}:${offset}`

function decoded<T>(
  world: World,
  topic: Topic<T>,
): (Omit<LogRecord, 'key' | 'value'> & { key: string; value: T | null })[] {
  return world.witness.records(topic.name).flatMap(record => {
    if (world.refused.has(idOf(record))) return []
    const value = record.value === null ? null : world.wire.decode(topic, record.value)
    return [{ ...record, key: record.key?.toString() ?? '', value }]
  })
}

/** The interactions that the folds are to judge. */
const logged = (world: World): Logged[] =>
  decoded<Interaction>(world, topics.interactions).map(record => ({
    partition: record.partition,
    offset: record.offset,
    appendedAtMs: appendedAtMs(record),
    key: record.key,
    value: record.value as Interaction,
  }))

function checkRecount(world: World, log: Logged[]): void {
  const { graph, witness, plan, refused } = world
  const [userStage, itemStage] = graph.stages
  if (!userStage || !itemStage) throw new Error('wanted the user and the item stage')
  const rejected = decoded<Rejected>(world, topics.rejected).map(record => record.value as Rejected)
  const ofFolds = rejected.filter(one => one.topic === topics.interactions.name && !refused.has(idOf(one)))
  const catalogue = decoded<Item>(world, topics.items).map(
    ({ key, value }): CatalogueChange => [key, value && { ...value }],
  )
  try {
    assertRecount(
      { folds: defaultFolds, catalogue },
      {
        log,
        user: witness.imageOf(userStage, plan.partitions),
        item: witness.imageOf(itemStage, plan.partitions),
        refused: new Map(ofFolds.map(one => [`${one.partition}:${one.offset}`, one.code])),
        clicks: decoded<SessionClick>(world, topics.sessionClicks).map(record => record.value as SessionClick),
        stages: graph.stages,
      },
      plan.partitions,
    )
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error
    world.complain(/^clicks|^verdicts/.test(error.message) ? 'I2' : 'I1', error.message)
  }
}

/** Each set-aside record stands in `rejected.v1` once, and poison under its code. */
function checkRejected(world: World): void {
  const codes = new Map<string, string>()
  for (const { value } of decoded<Rejected>(world, topics.rejected)) {
    const id = idOf(value as Rejected)
    if (codes.has(id)) world.complain('I2', `${id} was set aside twice`)
    codes.set(id, value?.code ?? '')
  }
  for (const [id, code] of world.refused)
    if (codes.get(id) !== code) world.complain('I2', `${id} was to be set aside as ${code}, and is ${codes.get(id)}`)
}

/** The signals of one source record stand once in the log for each target, but for frames that were sent twice. */
function checkFrames(world: World): void {
  if (world.trouble.faults.some(fault => fault.kind === 'commit:frames duplicate')) return
  const seen = new Set<string>()
  for (const { partition, value } of decoded<SignalFrame>(world, topics.signals))
    for (const { offset } of value?.entries ?? []) {
      const id = `signals of user[${value?.source}]@${offset} for item[${partition}]`
      if (seen.has(id)) world.complain('I2', `${id} are in the log twice`)
      seen.add(id)
    }
}

/** Which event was the newest one known may differ from one way of publishing to another; what is said may not. */
const saying = (value: unknown) =>
  JSON.stringify(value, (key, part: unknown) => (key === 'offset' || key === 'appendedAtMs' ? undefined : part))

/** The last value of every coalesced table is what the state says. */
function checkTables(world: World): void {
  for (const stage of world.graph.stages) {
    const { states } = world.witness.imageOf(stage, world.plan.partitions)
    stage.processors.forEach((processor, index) => {
      for (const { topic, records } of (processor.tables ?? []) as StateTable<unknown, unknown>[]) {
        const last = new Map(decoded(world, topic).map(record => [record.key, record.value]))
        states.forEach((state, partition) => {
          for (const [key, held] of state.entries(index))
            for (const wanted of records(key, held, { partition, offset: 0, appendedAtMs: 0 }))
              if (saying(last.get(wanted.key)) !== saying(wanted.value))
                world.complain(
                  'I2',
                  `${topic.name} of ${wanted.key}: wanted ${saying(wanted.value)}, got ${saying(last.get(wanted.key))}`,
                )
        })
      }
    })
  }
}

/** The session tier and the list of every visitor know the last event that counted. */
function checkLastWords(world: World, log: readonly Logged[]): void {
  const { refused } = recountAdmission(log, defaultFolds)
  const hot = new Map(decoded<Profile>(world, topics.profiles).map(record => [record.key, record.value]))
  const lists = new Map(decoded<RankedList>(world, topics.lists).map(record => [record.key, record.value]))
  const last = new Map<string, Logged>()
  for (const record of log) {
    const { userId, type } = record.value
    const isRefused = refused.has(`${record.partition}:${record.offset}`)
    if (userId !== null && type !== IMPRESSION && !isRefused) last.set(userId, record)
  }
  for (const visitor of VISITORS) {
    const { offset = -1 } = last.get(visitor) ?? {}
    const session = hot.get(`hot/u:${visitor}`)
    if (session?.offset !== offset)
      world.complain('I2', `the session tier of ${visitor} knows ${session?.offset}, not ${offset}`)
    const list = lists.get(`u:${visitor}`)
    if (!list || list.offset < offset)
      world.complain('V', `the list of ${visitor} knows ${list?.offset}, not ${offset}`)
  }
  const gone = new Map(decoded<Item>(world, topics.items).map(({ key, value }) => [key, value?.available !== true]))
  for (const [visitor, list] of lists)
    for (const { itemId } of list ? itemsOf(list) : [])
      if (gone.get(itemId)) world.complain('V', `the list of ${visitor} shows ${itemId}, which was taken down`)
}

/** Every row of neighbours was ranked, and the popular items were, after its last change. */
function checkRanked(world: World): void {
  const ranked = world.witness.table(topics.related.name)
  for (const [key, { timestampMs }] of world.witness.table(topics.neighbours.name)) {
    const related = relatedKeyOf(key)
    const rankedMs = ranked.get(related)?.timestampMs ?? 0
    if (rankedMs < timestampMs)
      world.complain('V', `${related} was last ranked ${timestampMs - rankedMs} ms before ${key} changed`)
  }
  const popular = world.witness.table(topics.trending.name).get('popular/all')?.timestampMs ?? 0
  for (const [itemId, { timestampMs }] of world.witness.table(topics.popularity.name))
    if (popular < timestampMs) world.complain('V', `popular/all was last ranked before ${itemId} changed`)
}

/** The data set, against one that was given the last record of every key and nothing else. */
async function checkRedis(world: World): Promise<void> {
  const expected = new RedisServer({ now: () => 0 })
  const whole = { step: async () => 'run' as const, answer() {} }
  const view = new SimulatedRedisView(expected, whole, systemClock, NAMESPACE)
  for (const topic of sinkTopics)
    for (const [key, record] of world.witness.table(topic.name)) {
      const value = record.value === null ? null : world.wire.decode(topic as Topic<unknown>, record.value)
      const context = {
        version: { generation: world.generations.get(topic.name) ?? 0, offset: record.offset },
        partitions: world.plan.partitions,
        nowMs: world.time.nowMs,
        sourceName,
      }
      await view.write(viewWrites(topic.name, { ...record, key, value }, context))
    }
  const difference = redisDifference(world.redis, expected)
  if (difference) world.complain('I4', difference)
}
