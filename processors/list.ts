/**
 * Lists (V): what to recommend to each visitor, rebuilt when they have done something that counts, when what they chose at
 * sign-up changes, when an item they are shown is taken down, when the list came out short, and when it has grown old.
 * Impressions rebuild nothing.
 * Anonymous visitors get lists like users. What was liked, turned down or bought and what is not available stays out.
 */
import { ItemIds } from '../retrieval/item-ids.ts'
import { ItemIndex } from '../retrieval/item-index.ts'
import { ItemSet } from '../retrieval/item-set.ts'
import { RelatedIndex } from '../retrieval/related-index.ts'
import { sources } from '../retrieval/sources.ts'
import { TrendingIndex } from '../retrieval/trending-index.ts'
import { userVisitor } from '../schemas/ids.ts'
import type { Profile } from '../schemas/profile.ts'
import { topics } from '../schemas/topics.ts'
import type { User } from '../schemas/user.ts'
import type { TableRecord, ViewContext, ViewDefinition, ViewInstance } from './define.ts'
import { halfUnitsOf } from './interaction-types.ts'
import { ListBuild } from './list-build.ts'
import { ListHolders, PLACES } from './list-holders.ts'
import { applyCold, applyHot, applyUser } from './list-profile.ts'
import { ListRetries, LONG_ENOUGH } from './list-retries.ts'
import { ListVisitors } from './list-visitors.ts'
import { defaultFolds } from './options.ts'

export interface ListOptions {
  /** Interaction type → weight, as the folds have it. */
  readonly weights: Readonly<Record<string, number>>
  /** Names of the candidate sources to ask, see `retrieval/sources.ts`. */
  readonly sources: readonly string[]
  /** Candidates of all sources together, 1..10,000. */
  readonly candidates: number
  /** Items of a list, 1..candidates. */
  readonly stored: number
  /** A list is built at most once in this time, ms, unless nothing else is waiting. */
  readonly intervalMs: number
  /** A list older than this is built again when there is nothing else to do, ms. */
  readonly maxAgeMs: number
  /** Visitors held per task; the one idle for longest is forgotten first. */
  readonly maxVisitors: number
}

export const defaultLists: ListOptions = {
  weights: defaultFolds.weights,
  sources: sources.map(source => source.name),
  candidates: 500,
  stored: 100,
  intervalMs: 100,
  maxAgeMs: 10 * 60_000,
  maxVisitors: 200_000,
}

const NOTHING = new Int32Array(0)

const counters = {
  visitorsForgotten: 'visitors beyond the bound, the one idle for longest each time',
  takenDown: 'lists rebuilt because an item they show was taken down',
  shortLists: `lists of fewer than ${LONG_ENOUGH} items, built again after a while`,
}

/** @param given - options that differ from {@link defaultLists} */
export function list(given: Partial<ListOptions> = {}): ViewDefinition {
  const options = { ...defaultLists, ...given }
  // The numbers that the indexes and the visitors share.
  const ids = new ItemIds()
  const categoryIds = new ItemIds()
  return {
    name: 'list',
    version: 1,
    class: 'V',
    inputs: [topics.profiles, topics.users],
    broadcasts: [topics.itemFeatures, topics.related, topics.trending],
    indexes: {
      [topics.itemFeatures.name]: () => new ItemIndex(ids, categoryIds),
      [topics.related.name]: () => new RelatedIndex(ids),
      [topics.trending.name]: () => new TrendingIndex(ids, categoryIds),
    },
    output: topics.lists,
    intervalMs: options.intervalMs,
    counters,
    create: context => new ListInstance(context, options),
  }
}

class ListInstance implements ViewInstance {
  readonly #context: ViewContext
  readonly #options: ListOptions
  readonly #weights: ReadonlyMap<string, number>
  readonly #items: ItemIndex
  readonly #visitors: ListVisitors
  readonly #holders = new ListHolders()
  readonly #retries: ListRetries
  readonly #build: ListBuild
  readonly #scratch = new ItemSet()
  /** Visitors whose profile was deleted and whose list must be, too. */
  readonly #erased = new Set<string>()

  constructor(context: ViewContext, options: ListOptions) {
    this.#context = context
    this.#options = options
    this.#weights = halfUnitsOf(options.weights)
    this.#items = context.index<ItemIndex>(topics.itemFeatures)
    this.#visitors = new ListVisitors(options.maxVisitors)
    this.#retries = new ListRetries(options.maxAgeMs)
    const related = context.index<RelatedIndex>(topics.related)
    const trending = context.index<TrendingIndex>(topics.trending)
    this.#build = new ListBuild(this.#items, related, trending, { ...options, limit: options.candidates })
  }

  apply(record: TableRecord): string[] {
    const stale = record.topic === topics.users.name ? this.#applyUser(record) : this.#applyProfile(record)
    for (const visitor of stale) this.#retries.forget(visitor)
    return stale
  }

  #applyProfile(record: TableRecord): string[] {
    const visitor = record.key.slice(record.key.indexOf('/') + 1)
    const value = record.value as Profile | null // the topic's schema has read it
    if (value === null) return this.#erase(visitor)
    this.#erased.delete(visitor)
    const state = this.#state(visitor)
    if (value.hot !== null) return applyHot(state, value, value.hot, this.#weights, this.#items) ? [visitor] : []
    if (value.cold !== null) return applyCold(state, value, value.cold, this.#items, this.#scratch) ? [visitor] : []
    return []
  }

  /** @returns who shows the item among their first places, where the record takes it down */
  onBroadcast(record: TableRecord): string[] {
    if (record.topic !== topics.itemFeatures.name) return []
    const item = this.#items.ids.find(record.key)
    if (item < 0 || this.#items.isServable(item)) return []
    const holders = this.#holders.take(item).flatMap(slot => this.#visitors.at(slot)?.visitor ?? [])
    if (holders.length > 0) this.#context.count('takenDown', holders.length)
    return holders
  }

  build(key: string, nowMs: number): { key: string; value: unknown }[] {
    if (this.#erased.delete(key)) return [{ key, value: null }]
    const state = this.#visitors.get(key)
    if (state === undefined) {
      this.#retries.forget(key)
      return [] // forgotten since; their last list stands
    }
    const value = this.#build.build(state, nowMs)
    state.builtAtMs = nowMs
    const top = this.#build.top(PLACES)
    this.#holders.set(state.slot, top)
    if (top.length >= Math.min(LONG_ENOUGH, this.#options.stored)) {
      this.#retries.forget(key)
    } else {
      this.#retries.isShort(key, nowMs)
      this.#context.count('shortLists')
    }
    return [{ key, value }]
  }

  sweep(nowMs: number): string | undefined {
    return this.#retries.due(nowMs) ?? this.#visitors.stale(nowMs - this.#options.maxAgeMs)
  }

  #applyUser(record: TableRecord): string[] {
    const visitor = userVisitor(record.key)
    const user = record.value as User | null // the topic's schema has read it
    if (user === null && this.#visitors.get(visitor) === undefined) return []
    return applyUser(this.#state(visitor), user, this.#items) ? [visitor] : []
  }

  #state(visitor: string) {
    const { state, evicted } = this.#visitors.touch(visitor)
    if (evicted) {
      this.#holders.set(state.slot, NOTHING) // of the one forgotten, whose slot it was
      this.#context.count('visitorsForgotten')
    }
    return state
  }

  #erase(visitor: string): string[] {
    const state = this.#visitors.get(visitor)
    if (state !== undefined) this.#holders.set(state.slot, NOTHING)
    this.#visitors.forget(visitor)
    this.#erased.add(visitor)
    return [visitor]
  }
}
