/**
 * The graph as data: stages of D and C processors between topics, V stages behind them. It is validated whole before
 * anything connects, and its printed form is a golden file, so a changed edge shows in review.
 */
import { createHash } from 'node:crypto'
import type { AnyProcessor, Origin, Parts, ViewDefinition } from '../processors/define.ts'
import { FreshetError } from '../schemas/errors.ts'
import type { Topic } from '../schemas/topics.ts'
import { versionProblems } from './page-versions.ts'

// biome-ignore lint/suspicious/noExplicitAny: topics of any record
export type AnyTopic = Topic<any>

/** D or C processors that share a key and run in one transactional task a partition. */
export interface Stage {
  readonly name: string
  /** Partition p of all of them makes one task. */
  readonly inputs: readonly AnyTopic[]
  readonly processors: readonly AnyProcessor[]
  /** Where frames of signals go, and the topic whose records are frames. */
  readonly signalsTo?: AnyTopic
  readonly framedInput?: AnyTopic
  readonly rejectsTo?: AnyTopic
  /** The events a decoded record of an input holds, frames apart. @throws FreshetError to set the record aside */
  eventsOf(topic: AnyTopic, key: string | null, value: unknown, origin: Origin): Iterable<unknown>
}

export interface Topology {
  readonly stages: readonly Stage[]
  readonly views: readonly ViewDefinition[]
  /** Read by the sink that fills the View. */
  readonly sink: readonly AnyTopic[]
  /** Topics that others write or that wait for later parts: created with the rest. */
  readonly sources: readonly AnyTopic[]
}

/** @throws FreshetError INVALID_CONFIG naming every problem of the graph at once */
export function topology(graph: Topology): Topology {
  const problems = [...problemsOf(graph)]
  if (problems.length > 0)
    throw new FreshetError('INVALID_CONFIG', `the topology is not sound:\n- ${problems.join('\n- ')}`)
  return graph
}

function* problemsOf(graph: Topology): Generator<string> {
  const writers = new Map<string, string>()
  const named = new Set<string>()
  const claim = function* (topic: AnyTopic, writer: string) {
    const other = writers.get(topic.name)
    if (other !== undefined) yield `${topic.name} has two writers, ${other} and ${writer}`
    writers.set(topic.name, writer)
  }
  for (const node of [...graph.stages, ...graph.views]) {
    if (named.has(node.name)) yield `two stages are called ${node.name}`
    named.add(node.name)
  }
  for (const stage of graph.stages) {
    yield* problemsOfStage(stage)
    for (const topic of outputsOf(stage)) if (topic !== stage.rejectsTo) yield* claim(topic, stage.name)
  }
  for (const view of graph.views) {
    yield* claim(view.output, view.name)
    if (view.inputs.length === 0) yield `${view.name} has no input`
    const kinds = new Set(view.inputs.map(topic => topic.by))
    if (view.task !== 'single' && kinds.size > 1)
      yield `${view.name}: inputs are not co-partitioned: ${[...kinds].join(', ')}`
    for (const topic of view.broadcasts) {
      if (topic.kind !== 'table') yield `${view.name}: broadcast ${topic.name} is not a table`
      if (!view.indexes?.[topic.name]) yield `${view.name}: no index is given for the broadcast ${topic.name}`
    }
  }
  const known = new Set([...writers.keys(), ...graph.sources.map(topic => topic.name)])
  const read = [
    ...graph.stages.flatMap(stage => stage.inputs),
    ...graph.views.flatMap(view => [...view.inputs, ...view.broadcasts]),
    ...graph.sink,
  ]
  for (const topic of read) if (!known.has(topic.name)) yield `${topic.name} is read but nobody writes it`
}

function* problemsOfStage(stage: Stage): Generator<string> {
  const kinds = new Set(stage.inputs.filter(topic => topic.by !== 'explicit').map(topic => topic.by))
  if (kinds.size > 1) yield `${stage.name}: inputs are not co-partitioned: ${[...kinds].join(', ')}`
  const before = new Set(['stage'])
  for (const processor of stage.processors) {
    if (processor.class !== 'D' && processor.class !== 'C')
      yield `${stage.name}: ${processor.name} is not of class D or C`
    if ('broadcasts' in processor)
      yield `${processor.name}: a ${processor.class} processor may not join a broadcast table`
    if (!before.has(processor.input))
      yield `${processor.name} takes its input from ${processor.input}, which does not stand before it`
    before.add(processor.name)
    for (const [name, part] of Object.entries((processor.store?.parts ?? {}) as Parts))
      for (const problem of versionProblems(part)) yield `${processor.name}: ${name}: ${problem}`
  }
  if (stage.processors.some(one => one.class === 'D') && stage.processors.some(one => one.class === 'C'))
    yield `${stage.name} mixes classes D and C`
}

/** Every topic a stage writes, its own changelog apart. */
export function outputsOf(stage: Stage): AnyTopic[] {
  const topics = new Map<string, AnyTopic>()
  for (const processor of stage.processors) {
    for (const topic of Object.values(processor.outputs ?? {}) as AnyTopic[]) topics.set(topic.name, topic)
    for (const table of processor.tables ?? []) topics.set(table.topic.name, table.topic)
  }
  for (const topic of [stage.signalsTo, stage.rejectsTo]) if (topic) topics.set(topic.name, topic)
  return [...topics.values()]
}

/** Every topic of the graph, once, in order of first mention. */
export function topicsOf(graph: Topology): AnyTopic[] {
  const all = [
    ...graph.sources,
    ...graph.stages.flatMap(stage => [...stage.inputs, ...outputsOf(stage)]),
    ...graph.views.flatMap(view => [...view.inputs, ...view.broadcasts, view.output]),
  ]
  return [...new Map(all.map(topic => [topic.name, topic])).values()]
}

export const changelogName = (stage: Stage): string => `${stage.name}-changelog.v1`

/**
 * What guards the state of a stage: options, processor versions and state schemas. State folded under another hash is
 * not comparable, so a start on it is refused, unless only schemas differ and the older ones can be read.
 * @param sourceOf - the schema of a part as text. Default: the one it is written with now
 */
export function foldHash(stage: Stage, sourceOf = (part: Parts[string]): string => part.schema.source): string {
  const parts = stage.processors.map(processor => [
    processor.name,
    processor.version,
    processor.options ?? null,
    Object.entries((processor.store?.parts ?? {}) as Parts).map(([name, part]) => [name, part.kind, sourceOf(part)]),
  ])
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

/** Hashes of state that a start may go on with: the present one, and those of the same folds with older schemas it can read. */
export function readableHashes(stage: Stage): ReadonlySet<string> {
  const parts = stage.processors.flatMap(processor => Object.values((processor.store?.parts ?? {}) as Parts))
  // Every program between two releases had one version of each part: any of them may have written the progress.
  let choices: ReadonlyMap<Parts[string], string>[] = [new Map()]
  for (const part of parts) {
    const sources = Object.values(part.versions?.older ?? {}).map(({ schema }) => schema.source)
    choices = choices.flatMap(choice => [choice, ...sources.map(source => new Map([...choice, [part, source]]))])
  }
  return new Set(choices.map(choice => foldHash(stage, part => choice.get(part) ?? part.schema.source)))
}
