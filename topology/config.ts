/**
 * The configuration: read once from the environment and an optional JSON file (the environment wins), checked whole, all
 * problems reported together, frozen.
 */
import { readFileSync } from 'node:fs'
import type { FoldOptions } from '../processors/options.ts'
import { FreshetError } from '../schemas/errors.ts'
import { configOptions, environmentName, foldOptions, type OptionName } from './config-options.ts'
import { type Option, shown } from './config-types.ts'
import { nearestName } from './nearest-name.ts'

type Values = { readonly [K in OptionName]: (typeof configOptions)[K] extends Option<infer T> ? T : never }

export type Config = Omit<Values, 'partitions' | keyof FoldOptions> & {
  readonly partitions: number
  readonly folds: FoldOptions
  /** No brokers are named: the embedded log in the data directory takes the place of Kafka. */
  readonly isEmbedded: boolean
}

/** Names the JSON file; keys in it are those of the table, `{"httpPort": 8080}`. */
export const FILE_VARIABLE = 'FRESHET_CONFIG'
/** Read by tests only, never by the program. */
const TEST_PREFIX = 'FRESHET_TEST_'

/**
 * @param env - the process environment; names that do not start with FRESHET_ are left alone, an empty value is unset
 * @param file - path of a JSON file; default what FRESHET_CONFIG names
 * @throws FreshetError INVALID_CONFIG naming every problem
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, file = env[FILE_VARIABLE]): Config {
  const problems: string[] = []
  const given = new Map<string, { raw: unknown; where: string }>()
  for (const [name, raw] of Object.entries(file ? readFile(file, problems) : {})) {
    if (name in configOptions) given.set(name, { raw, where: `${file}: ${name}` })
    else problems.push(`${file}: ${name}: no such option${didYouMean(name, Object.keys(configOptions))}`)
  }
  const byEnvironmentName = new Map(Object.keys(configOptions).map(name => [environmentName(name), name]))
  for (const [variable, raw] of Object.entries(env)) {
    if (!variable.startsWith('FRESHET_') || variable === FILE_VARIABLE || variable.startsWith(TEST_PREFIX)) continue
    const name = byEnvironmentName.get(variable)
    if (name === undefined)
      problems.push(`${variable}: no such option${didYouMean(variable, byEnvironmentName.keys())}`)
    else if (raw !== undefined && raw !== '') given.set(name, { raw, where: variable })
  }
  const values = Object.fromEntries(
    Object.entries(configOptions as Record<string, Option<unknown>>).map(([name, option]) => {
      const found = given.get(name)
      if (!found) return [name, option.default]
      try {
        return [name, option.read(found.raw)]
      } catch (error) {
        problems.push(`${found.where}: ${error instanceof Error ? error.message : String(error)}`)
        return [name, option.default]
      }
    }),
  ) as unknown as Values
  problems.push(...problemsAcross(values))
  if (problems.length > 0)
    throw new FreshetError(
      'INVALID_CONFIG',
      `${problems.length === 1 ? 'one option is' : `${problems.length} options are`} not right:\n- ${problems.join('\n- ')}`,
    )
  return freeze(values)
}

function freeze(values: Values): Config {
  const folds: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values)) (name in foldOptions ? folds : rest)[name] = value
  const isEmbedded = values.kafkaBrokers.length === 0
  const partitions = values.partitions ?? (isEmbedded ? 1 : 4)
  return Object.freeze({
    ...rest,
    kafkaBrokers: Object.freeze([...values.kafkaBrokers]),
    partitions,
    folds: Object.freeze(folds),
    isEmbedded,
  }) as unknown as Config
}

const didYouMean = (name: string, known: Iterable<string>): string => {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

function readFile(path: string, problems: string[]): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof content === 'object' && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>
    problems.push(`${path}: wanted a JSON object of options, got ${shown(content).slice(0, 40)}`)
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return {}
}

/** Rules across options. Each names the variable to change. */
function* problemsAcross(v: Values): Generator<string> {
  const name = (option: OptionName) => environmentName(option)
  const isEmbedded = v.kafkaBrokers.length === 0
  if (isEmbedded) {
    if ((v.partitions ?? 1) !== 1)
      yield `${name('partitions')}: the embedded log has one partition, got ${v.partitions}; set ${name('kafkaBrokers')} for more`
    const kafkaOnly = ['registryUrl', 'kafkaSaslMechanism', 'kafkaTlsCa', 'kafkaTlsCert', 'kafkaTlsKey'] as const
    for (const one of kafkaOnly)
      if (v[one] !== undefined)
        yield `${name(one)} is set, but ${name('kafkaBrokers')} is not; without brokers nothing would use it`
    if (v.kafkaTls)
      yield `${name('kafkaTls')} is set, but ${name('kafkaBrokers')} is not; without brokers nothing would use it`
  } else if (v.registryUrl === undefined) {
    yield `${name('registryUrl')}: wanted with ${name('kafkaBrokers')}, got nothing`
  }
  if (!isEmbedded && !v.kafkaTls)
    for (const one of ['kafkaTlsCa', 'kafkaTlsCert', 'kafkaTlsKey'] as const)
      if (v[one] !== undefined) yield `${name(one)} needs ${name('kafkaTls')}=true`
  if ((v.kafkaTlsCert === undefined) !== (v.kafkaTlsKey === undefined))
    yield `${name('kafkaTlsCert')} and ${name('kafkaTlsKey')} belong together, got one of them`
  const login = [v.kafkaSaslUsername, v.kafkaSaslPassword].filter(one => one !== undefined).length
  if (v.kafkaSaslMechanism !== undefined && login < 2)
    yield `${name('kafkaSaslMechanism')} needs ${name('kafkaSaslUsername')} and ${name('kafkaSaslPassword')}`
  if (v.kafkaSaslMechanism === undefined && login > 0)
    yield `${name('kafkaSaslUsername')} and ${name('kafkaSaslPassword')} need ${name('kafkaSaslMechanism')}`
  if ((v.registryUsername === undefined) !== (v.registryPassword === undefined))
    yield `${name('registryUsername')} and ${name('registryPassword')} belong together, got one of them`
  if (v.commitGapMs > v.commitMaxMs)
    yield `${name('commitGapMs')} (${v.commitGapMs}) may not be above ${name('commitMaxMs')} (${v.commitMaxMs})`
  for (const one of ['commitMaxMs', 'itemCommitMs'] as const)
    if (v[one] * 2 > v.transactionTimeoutMs)
      yield `${name('transactionTimeoutMs')} (${v.transactionTimeoutMs}) may not be below twice ${name(one)} (${v[one]}), or a slow commit is ended by the broker`
  if (v.trendingHalfLifeMs >= v.popularHalfLifeMs)
    yield `${name('trendingHalfLifeMs')} (${v.trendingHalfLifeMs}) must be below ${name('popularHalfLifeMs')} (${v.popularHalfLifeMs}): trending is a fast rate over a slow one`
  if (v.repeatBucketMs > v.dedupeWindowMs && v.dedupeWindowMs > 0)
    yield `${name('repeatBucketMs')} (${v.repeatBucketMs}) may not be above ${name('dedupeWindowMs')} (${v.dedupeWindowMs})`
}
