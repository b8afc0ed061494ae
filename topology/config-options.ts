/**
 * Every option: what it wants, its unit, its default and a sentence. The environment name is derived from the key:
 * `httpPort` is FRESHET_HTTP_PORT. `docs/configuration.md` is held against this table by a test.
 */
import { defaultFolds, type FoldOptions } from '../processors/options.ts'
import { DEFAULT_NAMESPACE } from '../schemas/topics.ts'
import {
  brokers,
  choice,
  flag,
  integer,
  type Option,
  optionalChoice,
  optionalInteger,
  optionalText,
  optionalUrl,
  text,
  weights,
} from './config-types.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
const ms = (min: number, max: number) => ({ unit: 'ms', min, max })

export const generalOptions = {
  httpPort: integer(8080, 'Port of the read API; 0 takes a free one.', { min: 0, max: 65_535 }),
  httpHost: text(
    '127.0.0.1',
    'Address the read API listens on; 0.0.0.0 for all.',
    'a host name or address',
    /^[^\s/]+$/,
  ),
  dataDir: text('.freshet', 'Directory of the embedded log and of how far imports and replays came.', 'a path', /./),
  durable: flag(true, 'Embedded log: a commit is on the disk before it is acknowledged.'),
  namespace: text(
    DEFAULT_NAMESPACE,
    'Prefix of topics, groups and Redis keys, so that several shops share one cluster; the default omits it from topics.',
    'lower-case letters, digits and dashes, at most 64',
    /^[a-z0-9][a-z0-9-]{0,63}$/,
  ),
  partitions: optionalInteger('Partitions of topics that are created; every topic of a namespace has the same.', {
    min: 1,
    max: 1024,
    defaultInWords: '4 on Kafka, 1 embedded',
  }),
  logLevel: choice('info', 'Least level that is logged.', [
    'trace',
    'debug',
    'info',
    'warn',
    'error',
    'fatal',
    'silent',
  ]),
} as const

export const connectionOptions = {
  kafkaBrokers: brokers(
    'Brokers to start from. Unset: the embedded log in the data directory takes the place of Kafka.',
  ),
  kafkaClientId: text(
    'freshet',
    'Name the brokers log and meter this process under.',
    'a name without spaces',
    /^\S{1,255}$/,
  ),
  kafkaTls: flag(false, 'Speak TLS to the brokers.'),
  kafkaTlsCa: optionalText('PEM file of the authorities to trust; unset: those of Node.', { wants: 'a path' }),
  kafkaTlsCert: optionalText('PEM file of the client certificate.', { wants: 'a path' }),
  kafkaTlsKey: optionalText('PEM file of the key of the client certificate.', { wants: 'a path' }),
  kafkaSaslMechanism: optionalChoice('How to log in to the brokers.', ['plain', 'scram-sha-256', 'scram-sha-512']),
  kafkaSaslUsername: optionalText('Name to log in to the brokers with.'),
  kafkaSaslPassword: optionalText('Password to log in to the brokers with.', { secret: true }),
  registryUrl: optionalUrl(
    'Confluent-compatible schema registry; wanted with Kafka, embedded keeps schemas in its directory.',
    ['http:', 'https:'],
  ),
  registryUsername: optionalText('Name to log in to the registry with.'),
  registryPassword: optionalText('Password to log in to the registry with.', { secret: true }),
  redisUrl: optionalUrl(
    'Redis to write the public keys to and to serve from. Unset: the same values live in the process.',
    ['redis:', 'rediss:'],
  ),
} as const

export const runtimeOptions = {
  commitGapMs: integer(5, 'Least time between two commits of a task whose input is drained.', ms(0, 1_000)),
  commitMaxMs: integer(100, 'A user task commits at the latest after this time.', ms(1, 60_000)),
  commitMaxBytes: integer(4 * 1024 * 1024, 'A task commits at the latest when this much is to be written.', {
    unit: 'bytes',
    min: 16_384,
    max: 64 * 1024 * 1024,
  }),
  itemCommitMs: integer(
    500,
    'Time between two commits of an item task; off the path from an event to a list.',
    ms(1, 60_000),
  ),
  transactionTimeoutMs: integer(
    3_000,
    'After this time the broker ends the transaction of a dead task.',
    ms(1_000, 900_000),
  ),
  sessionTimeoutMs: integer(
    6_000,
    'After this time without heartbeat the tasks of a process move to others.',
    ms(1_000, 300_000),
  ),
  listIntervalMs: integer(100, 'Least time between two builds of one list, while others wait.', ms(0, 60_000)),
  listCandidates: integer(100, 'Entries of a stored list.', { min: 10, max: 500 }),
  listMaxAgeMs: integer(DAY_MS, 'A list older than this is rebuilt by the sweep.', ms(60_000, 30 * DAY_MS)),
} as const

type FoldTable = { readonly [K in keyof FoldOptions]: Option<FoldOptions[K]> }
/** Changing any of these changes the numbers: a start on state that was folded with others is refused. */
export const foldOptions = {
  weights: weights(
    defaultFolds.weights,
    'Weight of each interaction type; a type that is not here is rejected by name.',
  ),
  sessionGapMs: integer(defaultFolds.sessionGapMs, 'Silence that ends a session, event time.', ms(1_000, DAY_MS)),
  maxFutureMs: integer(defaultFolds.maxFutureMs, 'How far occurredAt may lie after the append time.', ms(0, DAY_MS)),
  dedupeWindowMs: integer(
    defaultFolds.dedupeWindowMs,
    'How long an eventId is remembered for its visitor.',
    ms(0, 30 * DAY_MS),
  ),
  repeatBucketMs: integer(
    defaultFolds.repeatBucketMs,
    'One visitor, item, type and session count once in a bucket of this length; purchases and carts always.',
    ms(1, DAY_MS),
  ),
  botWindowMs: integer(
    defaultFolds.botWindowMs,
    'Window of event time in which a bot is told from a person.',
    ms(1_000, DAY_MS),
  ),
  botMaxEvents: integer(
    defaultFolds.botMaxEvents,
    'More events than this in the window are a bot; purchases never count.',
    {
      min: 1,
      max: 1_000_000,
    },
  ),
  botMaxItems: integer(defaultFolds.botMaxItems, 'More distinct items than this in the window are a bot.', {
    min: 1,
    max: 1_000_000,
  }),
  maxDwellMs: integer(defaultFolds.maxDwellMs, 'A longer stay counts as this.', ms(1_000, DAY_MS)),
  pairWindowItems: integer(
    defaultFolds.pairWindowItems,
    'Distinct items of a visitor that make pairs with each other.',
    { min: 2, max: 50 },
  ),
  pairWindowMs: integer(defaultFolds.pairWindowMs, 'Items further apart than this make no pair.', ms(1_000, YEAR_MS)),
  pairHalfLifeMs: integer(defaultFolds.pairHalfLifeMs, 'After this time a pair counts half.', ms(60_000, 10 * YEAR_MS)),
  popularHalfLifeMs: integer(
    defaultFolds.popularHalfLifeMs,
    'After this time an event counts half in popular.',
    ms(60_000, 10 * YEAR_MS),
  ),
  trendingHalfLifeMs: integer(
    defaultFolds.trendingHalfLifeMs,
    'After this time an event counts half in the fast rate of trending.',
    ms(60_000, 10 * YEAR_MS),
  ),
  basketMaxItems: integer(
    defaultFolds.basketMaxItems,
    'Distinct items of one order that make pairs; the rest is counted.',
    { min: 2, max: 200 },
  ),
  maxNeighbours: integer(defaultFolds.maxNeighbours, 'Slots of an item for the items it goes with, each relation.', {
    min: 16,
    max: 4_096,
  }),
} as const satisfies FoldTable

export const configOptions = { ...generalOptions, ...connectionOptions, ...runtimeOptions, ...foldOptions } as const
export type OptionName = keyof typeof configOptions

/** `httpPort` → `FRESHET_HTTP_PORT` */
export const environmentName = (option: string): string =>
  `FRESHET_${option.replaceAll(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
