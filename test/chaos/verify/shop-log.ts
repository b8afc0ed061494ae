/** All that a shop has in the log, as kcat reads it. */
import type { Wire } from '../../../schemas/wire.ts'
import { FreshetError } from '../../../schemas/errors.ts'
import type { Interaction } from '../../../schemas/interaction.ts'
import { topicName, topics } from '../../../schemas/topics.ts'
import { readEntry, type Progress } from '../../../topology/changelog.ts'
import { type AnyTopic, changelogName, type Stage } from '../../../topology/graph.ts'
import type { StageImage } from '../../../topology/read-state.ts'
import { TaskState } from '../../../topology/state.ts'
import type { Logged } from '../../../audit/admission.ts'
import { type ForeignRecord, readForeign } from '../foreign-reader.ts'

/** What is read, and how it is decoded. */
export interface Source {
  /** Direct, without a proxy. */
  readonly brokers: string
  readonly namespace: string
  readonly partitions: number
  readonly wire: Wire
  readonly stages: readonly Stage[]
  /** `topic/partition:offset`, without namespace, of records that were sent to be refused → the code they should get. */
  readonly poison: ReadonlyMap<string, string>
}

export interface Decoded<T> {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: T | null
}

export const read = ({ brokers, namespace }: Source, topic: { readonly name: string }): Promise<ForeignRecord[]> =>
  readForeign(brokers, topicName(topic, namespace))

/** @returns in order of partition and offset, without poison. @throws where one cannot be read: they are Freshet's own */
export async function readDecoded<T>(source: Source, topic: AnyTopic): Promise<Decoded<T>[]> {
  const all = await read(source, topic)
  const records = all.filter(one => !source.poison.has(`${topic.name}/${one.partition}:${one.offset}`))
  await source.wire.prepare(records.map(record => record.value))
  return records.map(({ partition, offset, key, value }) => ({
    partition,
    offset,
    key: key?.toString() ?? '',
    value: value === null ? null : source.wire.decode<T>(topic, value),
  }))
}

/** @returns the last record a key, deletions among them */
export function lastByKey<T>(records: readonly Decoded<T>[]): Map<string, Decoded<T>> {
  return new Map(records.map(record => [record.key, record]))
}

export interface Interactions {
  /** Those that can be read and were not sent as poison; in the order of the log, partition after partition. */
  readonly log: readonly Logged[]
  /** The others: `partition:offset` → the code they should be refused with. */
  readonly unreadable: ReadonlyMap<string, string>
  readonly count: number
  readonly eventIds: ReadonlySet<string>
}

export async function readInteractions(source: Source): Promise<Interactions> {
  const records = await read(source, topics.interactions)
  await source.wire.prepare(records.map(record => record.value))
  const log: Logged[] = []
  const unreadable = new Map<string, string>()
  for (const { partition, offset, timestampMs, key, value } of records) {
    const place = `${partition}:${offset}`
    const code = source.poison.get(`${topics.interactions.name}/${place}`)
    if (code !== undefined) {
      unreadable.set(place, code)
      continue
    }
    try {
      const decoded = source.wire.decode<Interaction>(topics.interactions, value)
      log.push({ partition, offset, appendedAtMs: timestampMs, key: key?.toString() ?? null, value: decoded })
    } catch (error) {
      if (!(error instanceof FreshetError)) throw error
      unreadable.set(place, error.code)
    }
  }
  return { log, unreadable, count: records.length, eventIds: new Set(log.map(one => one.value.eventId)) }
}

/** A commit ends with its progress, and control records follow it. */
const PROGRESS_TAIL = 50

/** @returns by partition, the next offset of each input by its last commit; read in a moment */
export async function readPositions(source: Source, stage: Stage): Promise<Progress['positions'][]> {
  const positions = Array.from({ length: source.partitions }, (): Progress['positions'] => ({}))
  const topic = topicName({ name: changelogName(stage) }, source.namespace)
  for (const { partition, key, value } of await readForeign(source.brokers, topic, { tail: PROGRESS_TAIL })) {
    const entry = readEntry(key, value)
    if (entry.kind === 'progress') positions[partition] = entry.progress.positions
  }
  return positions
}

/** The state of a stage, and what is wrong with the sequence of its commits. */
export interface StateRead extends StageImage {
  readonly wrong: readonly string[]
}

/** Progress of a partition must never go back, and a commit number never come twice. */
export async function readStage(source: Source, stage: Stage): Promise<StateRead> {
  const states = Array.from({ length: source.partitions }, () => new TaskState(stage))
  const progress: (Progress | undefined)[] = states.map(() => undefined)
  const wrong: string[] = []
  for (const { partition, offset, key, value } of await read(source, { name: changelogName(stage) })) {
    const entry = readEntry(key, value)
    if (entry.kind === 'data') states[partition]?.restore(entry)
    if (entry.kind !== 'progress') continue
    const last = progress[partition]
    const next = entry.progress
    progress[partition] = next
    if (!last) continue
    const where = `${stage.name}-changelog[${partition}]@${offset}`
    if (next.commit <= last.commit) wrong.push(`${where}: commit ${next.commit} after ${last.commit}`)
    for (const [topic, position] of Object.entries(last.positions))
      if ((next.positions[topic] ?? 0) < position)
        wrong.push(`${where}: ${topic} went back from ${position} to ${next.positions[topic]}`)
  }
  return { states, progress, wrong }
}
