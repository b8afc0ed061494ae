/** The evaluations that docs/quality.md is made of. Declared before they were run; nothing here was chosen by a test figure. */

import type { MetricAt } from './result.ts'

export interface SuiteEntry {
  readonly name: string
  /** Heading in the document. */
  readonly title: string
  /** A data set by name, or files of given splits in its directory. */
  readonly data:
    | { readonly set: string; readonly minValue?: number; readonly limit?: number }
    | {
        readonly name: string
        readonly train: readonly string[]
        readonly test: string
        readonly map: string
        readonly type: string
      }
  /** Under the data directory. */
  readonly directory: string
  readonly protocol: string
  readonly methods: readonly string[]
  readonly targets?: readonly string[]
  /** Default: that of the protocol. */
  readonly main?: MetricAt
}

const sessionMethods = ['random', 'popularity', 'ar', 'sr', 'item-knn', 'sknn', 'vsknn', 'vmis-knn', 'stan', 'vstan']
const streamMethods = ['random', 'popularity', 'decayed-popularity', 'ar', 'sr', 'item-knn', 'isgd']

const serenade = {
  name: 'serenade-sessions',
  train: ['train.txt.gz'],
  test: 'test.txt.gz',
  map: 'anonymousId=SessionId,sessionId=SessionId,itemId=ItemId,occurredAt=Time',
  type: 'click',
} as const

export const suite: readonly SuiteEntry[] = [
  {
    name: 'movietweetings-first',
    title: 'MovieTweetings, prequential, its first 5,000 events',
    data: { set: 'movietweetings', limit: 5_000 },
    directory: 'movietweetings',
    protocol: 'prequential/known-removed',
    methods: ['freshet', ...streamMethods, 'ials'],
  },
  {
    name: 'serenade-frozen',
    title: 'Serenade sessions, next click, current item removed, frozen',
    data: serenade,
    directory: 'serenade-sessions',
    protocol: 'session/current-removed/frozen',
    methods: ['freshet', ...sessionMethods],
  },
  {
    name: 'serenade-streaming',
    title: 'Serenade sessions, next click, current item removed, learning on',
    data: serenade,
    directory: 'serenade-sessions',
    protocol: 'session/current-removed/streaming',
    methods: ['freshet', ...sessionMethods],
  },
  {
    name: 'movietweetings-frozen',
    title: 'MovieTweetings, time split, frozen',
    data: { set: 'movietweetings' },
    directory: 'movietweetings',
    protocol: 'split/known-removed/frozen',
    methods: ['freshet', ...streamMethods, 'ials', 'ease'],
  },
  {
    name: 'movietweetings-streaming',
    title: 'MovieTweetings, time split, learning on',
    data: { set: 'movietweetings' },
    directory: 'movietweetings',
    protocol: 'split/known-removed/streaming',
    methods: ['freshet', 'freshet-frozen', ...streamMethods],
  },
  {
    name: 'movietweetings-prequential',
    title: 'MovieTweetings, prequential, every event',
    data: { set: 'movietweetings' },
    directory: 'movietweetings',
    protocol: 'prequential/known-removed',
    methods: ['freshet', ...streamMethods, 'ials'],
  },
  {
    name: 'online-retail-basket',
    title: 'Online Retail II, next basket, time split, learning on',
    data: { set: 'online-retail-ii' },
    directory: 'online-retail-ii',
    protocol: 'next-basket/repeats-kept/streaming',
    methods: ['freshet', 'popularity', 'decayed-popularity', 'item-knn'],
  },
  {
    name: 'online-retail-held',
    title: 'Online Retail II, the held item of a basket, time split, learning on',
    data: { set: 'online-retail-ii' },
    directory: 'online-retail-ii',
    protocol: 'held-item/cart-removed/streaming',
    methods: ['freshet', 'popularity', 'decayed-popularity', 'item-knn'],
  },
  {
    name: 'kuairand',
    title: 'KuaiRand-Pure, long views, time split, learning on',
    data: { set: 'kuairand' },
    directory: 'kuairand-pure-standard',
    protocol: 'split/known-removed/streaming',
    methods: ['freshet', ...streamMethods],
    targets: ['view'],
  },
  {
    name: 'movielens-five-stars',
    title: 'MovieLens small, five stars only, prequential',
    data: { set: 'movielens', minValue: 5 },
    directory: 'movielens-latest-small',
    protocol: 'prequential/known-removed',
    methods: ['freshet', ...streamMethods],
    main: { metric: 'Recall', k: 10 },
  },
]
