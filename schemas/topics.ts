/**
 * Every topic: its name, key, record, cleanup and how it is partitioned. A stream is kept by time, a table is compacted.
 * Real names carry the namespace, see `topicName`; only the default namespace omits the prefix.
 */
import { type Erasure, erasure } from './erasure.ts'
import { type Example, example } from './example.ts'
import { type Experiment, experiment } from './experiment.ts'
import { type Interaction, interaction } from './interaction.ts'
import { type Item, item } from './item.ts'
import { type ItemFeatures, itemFeatures } from './item-features.ts'
import { type ModelPointer, modelPointer } from './model-pointer.ts'
import { type Neighbours, neighbours } from './neighbours.ts'
import { type Popularity, popularity } from './popularity.ts'
import { type Profile, profile } from './profile.ts'
import { type RankedList, rankedList } from './ranked-list.ts'
import type { RecordSchema } from './record.ts'
import { type Rejected, rejected } from './rejected.ts'
import { type Related, related } from './related.ts'
import { type Rule, rule } from './rule.ts'
import { type Served, served } from './served.ts'
import { type SessionClick, sessionClick } from './session-click.ts'
import { type SignalFrame, signalFrame } from './signal-frame.ts'
import { type Trending, trending } from './trending.ts'
import { type User, user } from './user.ts'

/** How a topic's partition is found: by the raw visitor id, by the item id, by its own key, or named by the writer. */
export type Partitioning = 'visitor' | 'item' | 'key' | 'explicit'

export interface Topic<T> {
  /** Without namespace, with version: `interactions.v1`. */
  readonly name: string
  readonly kind: 'stream' | 'table'
  readonly schema: RecordSchema<T>
  readonly by: Partitioning
  /** What the record key is, in words. */
  readonly key: string
  /** Streams only; −1 is for ever. */
  readonly retentionMs: number
  /** Append time is the broker's clock, which admission relies on. */
  readonly appendTime: boolean
}

const DAY_MS = 86_400_000
const FOREVER = -1

type Options = { by: Partitioning; key: string; retentionMs?: number; appendTime?: boolean }
const stream = <T>(name: string, schema: RecordSchema<T>, o: Options): Topic<T> => ({
  name,
  kind: 'stream',
  schema,
  by: o.by,
  key: o.key,
  retentionMs: o.retentionMs ?? FOREVER,
  appendTime: o.appendTime ?? false,
})
const table = <T>(name: string, schema: RecordSchema<T>, o: Options): Topic<T> => ({
  ...stream(name, schema, o),
  kind: 'table',
})

export const topics = {
  interactions: stream<Interaction>('interactions.v1', interaction, {
    by: 'visitor',
    key: 'raw visitor id',
    appendTime: true,
  }),
  items: table<Item>('items.v1', item, { by: 'item', key: 'itemId' }),
  users: table<User>('users.v1', user, { by: 'visitor', key: 'userId' }),
  rejected: stream<Rejected>('rejected.v1', rejected, { by: 'explicit', key: 'as source' }),
  signals: stream<SignalFrame>('signals.v1', signalFrame, { by: 'explicit', key: 'none' }),
  sessionClicks: stream<SessionClick>('session-clicks.v1', sessionClick, {
    by: 'visitor',
    key: 'raw visitor id',
    retentionMs: 14 * DAY_MS,
  }),
  profiles: table<Profile>('profiles.v1', profile, { by: 'visitor', key: 'hot/ or cold/ and the visitor' }),
  neighbours: table<Neighbours>('neighbours.v1', neighbours, { by: 'item', key: 'relation/itemId' }),
  popularity: table<Popularity>('popularity.v1', popularity, { by: 'item', key: 'itemId' }),
  itemFeatures: table<ItemFeatures>('item-features.v1', itemFeatures, { by: 'item', key: 'itemId' }),
  related: table<Related>('related.v1', related, { by: 'item', key: 'relation/itemId' }),
  trending: table<Trending>('trending.v1', trending, { by: 'key', key: 'kind/segment' }),
  lists: table<RankedList>('lists.v1', rankedList, { by: 'visitor', key: 'visitor' }),
  served: stream<Served>('served.v1', served, { by: 'visitor', key: 'raw visitor id', retentionMs: 30 * DAY_MS }),
  examples: stream<Example>('examples.v1', example, { by: 'visitor', key: 'raw visitor id', retentionMs: 90 * DAY_MS }),
  erasures: table<Erasure>('erasures.v1', erasure, { by: 'key', key: 'userId' }),
  models: table<ModelPointer>('models.v1', modelPointer, { by: 'key', key: 'name' }),
  experiments: table<Experiment>('experiments.v1', experiment, { by: 'key', key: 'name' }),
  rules: table<Rule>('rules.v1', rule, { by: 'key', key: 'name' }),
} as const

export const DEFAULT_NAMESPACE = 'freshet'

/** Not computed from the log, or what tells of all generations: the same for every generation of a namespace. */
const SHARED: ReadonlySet<string> = new Set(
  [
    topics.interactions,
    topics.items,
    topics.users,
    topics.served,
    topics.examples,
    topics.erasures,
    topics.models,
    topics.experiments,
    topics.rules,
    { name: 'incarnations.v1' },
  ].map(topic => topic.name),
)
/** Stands in no namespace, and in no name of a topic. */
const GENERATION = '@'

/**
 * What takes the place of a namespace where a later generation of all that is computed is meant: its topics, groups and
 * transactional ids are its own, the sources are those of the namespace.
 * @param generation - from 1 on; the first has the plain names
 */
export const scopeOf = (namespace: string, generation: number): string =>
  generation === 1 ? namespace : `${namespace}${GENERATION}${generation}`

/** @param scope - a namespace, or what `scopeOf` made of one */
export function namespaceOf(scope: string): string {
  const at = scope.indexOf(GENERATION)
  return at < 0 ? scope : scope.slice(0, at)
}

/**
 * `interactions.v1` in the default namespace, `shop2.interactions.v1` in another, `freshet.g2.lists.v1` and `shop2.g2.lists.v1` for
 * what the second generation computes.
 * @param scope - a namespace, or what {@link scopeOf} made of one
 */
export function topicName(topic: { readonly name: string }, scope: string): string {
  const namespace = namespaceOf(scope)
  if (namespace !== scope && !SHARED.has(topic.name))
    return `${namespace}.g${scope.slice(namespace.length + 1)}.${topic.name}`
  return namespace === DEFAULT_NAMESPACE ? topic.name : `${namespace}.${topic.name}`
}
