/**
 * A shop at rest, looked at by others than itself: kcat reads the log, the recount and SQL tell what should stand in state and
 * tables, and Redis is held against the tables.
 */
import type { Redis } from 'ioredis'
import type { FoldOptions } from '../../../processors/options.ts'
import { topicName } from '../../../schemas/topics.ts'
import { digestOf } from '../../../topology/digest.ts'
import type { Stage } from '../../../topology/graph.ts'
import { until } from '../until.ts'
import { checkBySql } from './by-sql.ts'
import { clickDifferences, rejectedDifferences, signalDifferences } from './outputs.ts'
import { redisDifferences } from './redis.ts'
import { differences, digestOfRows } from './rows.ts'
import { read, readInteractions, readPositions, readStage, type Source, type StateRead } from './shop-log.ts'
import { recount, storesOf } from './state.ts'
import { checkTables } from './tables.ts'
import { viewDifferences } from './views.ts'

/** After the load has stopped, until the stages have counted everything. */
const COUNTED_WITHIN_MS = 180_000
/** After that, until tables that wait have been written and views and Redis have followed. */
const AT_REST_WITHIN_MS = 120_000
const LOOK_MS = 500

export interface Verdict {
  readonly records: number
  readonly lost: number
  readonly doubled: number
  /** Sentences; [] where all is well. */
  readonly wrong: readonly string[]
  /** Store → digest of its rows, equal for state and recount where nothing is wrong. */
  readonly digests: Readonly<Record<string, string>>
}

export interface Subject {
  readonly source: Source
  readonly folds: FoldOptions
  readonly redis: Redis
  /** Events that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** What `freshet inspect state --digest --json` says, store → digest. */
  inspected(): Promise<Readonly<Record<string, string>>>
}

/** The load has stopped, faults have healed. @returns when everything agrees, or time is up */
export async function verify(subject: Subject, progress: (line: string) => void): Promise<Verdict> {
  const { source, folds, acknowledged } = subject
  const [userStage, itemStage] = source.stages as [Stage, Stage]
  progress('waiting until all is counted')
  await allCounted(subject, userStage)
  await allCounted(subject, itemStage)
  progress('recounting')
  const [user, item] = await Promise.all([readStage(source, userStage), readStage(source, itemStage)])
  const sent = await readInteractions(source)
  const told = recount(sent.log, folds)
  const stores = storesOf(told, { stage: userStage, image: user }, { stage: itemStage, image: item })
  const wrong = [
    ...[...acknowledged].filter(id => !sent.eventIds.has(id)).map(id => `${id} was acknowledged and is not in the log`),
    ...user.wrong,
    ...item.wrong,
    ...stores.flatMap(({ store, wanted, got }) => differences(store, wanted, got)),
    ...(await rejectedDifferences(source, sent, told)),
    ...(await clickDifferences(source, told)),
    ...(await signalDifferences(source)),
    ...(await digestDifferences(subject, user, item)),
  ]
  progress('waiting for tables, views and Redis')
  let tables = await checkTables(source, told)
  let sql = checkBySql(told.admission.counted, tables, folds)
  let late: string[] = []
  const look = async () => {
    tables = await checkTables(source, told)
    sql = checkBySql(told.admission.counted, tables, folds)
    const views = await viewDifferences(source, sent, told)
    late = [...tables.wrong, ...sql.wrong, ...views, ...(await redisDifferences(source, subject.redis))]
    return late.length + sql.lost + sql.doubled === 0
  }
  await until('tables, views and Redis', look, AT_REST_WITHIN_MS, LOOK_MS).catch(() => undefined) // `late` says it better
  return {
    records: sent.count,
    lost: sql.lost,
    doubled: sql.doubled,
    wrong: [...wrong, ...late],
    digests: Object.fromEntries(stores.map(({ store, got }) => [store, digestOfRows(store, got)])),
  }
}

/** Waits until the stage has committed every record of its inputs. @throws naming what is left */
async function allCounted({ source }: Subject, stage: Stage): Promise<void> {
  const ends = new Map<string, number>()
  for (const input of stage.inputs)
    for (const { partition, offset } of await read(source, input))
      ends.set(`${partition}/${topicName(input, source.namespace)}`, offset)
  let missing: string[] = []
  const look = async () => {
    const positions = await readPositions(source, stage)
    missing = [...ends].flatMap(([id, offset]) => {
      const slash = id.indexOf('/')
      const at = positions[Number(id.slice(0, slash))]?.[id.slice(slash + 1)] ?? 0
      return at > offset ? [] : [`${id} is at ${at} of ${offset + 1}`]
    })
    return missing.length === 0
  }
  await until('', look, COUNTED_WITHIN_MS, LOOK_MS).catch(cause => {
    throw new Error(`the ${stage.name} stage has not counted everything: ${missing.join(', ')}`, { cause })
  })
}

/** Freshet's own digest of the state it reads must be that of the state which kcat reads. */
async function digestDifferences(subject: Subject, user: StateRead, item: StateRead): Promise<string[]> {
  const [userStage, itemStage] = subject.source.stages as [Stage, Stage]
  const here = [...digestOf(userStage, user.states), ...digestOf(itemStage, item.states)]
  const wanted = new Map(here.map(({ store, digest }) => [store, digest]))
  return differences('digest by freshet inspect', wanted, new Map(Object.entries(await subject.inspected())))
}
