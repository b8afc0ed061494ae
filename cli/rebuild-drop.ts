/** `freshet rebuild --drop-old`: what only generations before the live one need. */
import { dropTopics } from '../connectors/kafka/drop-topics.ts'
import { checkOwn, connect, databaseOf, filledFrom, withDatabase } from '../connectors/redis/databases.ts'
import { scopeOf, topicName, topics } from '../schemas/topics.ts'
import { readLive } from '../topology/generations.ts'
import { appOf, topicSettings } from '../topology/runner.ts'
import { kafkaConnection, makeLogger, openLog, topologyOf } from './assemble.ts'
import type { Call } from './command.ts'
import type { RebuildTarget } from './rebuild-run.ts'

/** @returns exit code: 1 where processes of an old generation still run, and nothing was deleted */
export async function dropOld({ config, redisUrl, spare }: RebuildTarget, call: Call): Promise<number> {
  const { namespace } = config
  const log = await openLog(config, makeLogger('warn'))
  let live: number
  let incarnation: number | undefined
  try {
    const { generation, known } = await readLive(log, namespace)
    live = generation
    incarnation = known?.get(topicName(topics.lists, scopeOf(namespace, live)))
  } finally {
    await log.close()
  }
  const graph = topologyOf(config)
  const namesOf = (generation: number) =>
    topicSettings(graph, scopeOf(namespace, generation), config.partitions).map(({ name }) => name)
  const kept = new Set(namesOf(live))
  const old = Array.from({ length: live - 1 }, (_, index) => index + 1)
  const names = ['sink', ...[...graph.stages, ...graph.views].map(({ name }) => name)]
  const result = await dropTopics(kafkaConnection(config), {
    topics: old.flatMap(namesOf).filter(name => !kept.has(name)),
    groups: old.flatMap(one => names.map(name => `${appOf(scopeOf(namespace, one))}.${name}`)),
  })
  if ('busy' in result) {
    call.say(
      `nothing was deleted, processes of an old generation still run; stop them first: ${result.busy.join(', ')}`,
    )
    return 1
  }
  const keys = old.length > 0 ? await emptied(redisUrl, spare, namespace, incarnation) : 0
  const { deleted } = result
  if (call.isSet('json')) call.print(JSON.stringify({ kind: 'dropped', live, topics: deleted, keys }))
  else call.print(`generation ${live} is live; ${deleted.length} topics and ${keys} keys of older ones deleted`)
  return 0
}

/** Empties the database beside the live one, if it is filled from an older incarnation. @returns keys deleted */
async function emptied(
  redisUrl: string,
  given: number | undefined,
  namespace: string,
  live: number | undefined,
): Promise<number> {
  const database = given ?? databaseOf(redisUrl) + 1
  const redis = await connect(withDatabase(redisUrl, database))
  try {
    const found = await filledFrom(redis, namespace, topics.lists.name)
    if (found === undefined || live === undefined || found >= live) return 0
    await checkOwn(redis, namespace, database)
    const size = await redis.dbsize()
    await redis.flushdb('ASYNC')
    return size
  } finally {
    redis.disconnect()
  }
}
