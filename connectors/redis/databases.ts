/**
 * Two databases of one Redis: the live one, and the one beside it that the next generation fills under the same names of keys.
 * SWAPDB exchanges them in one step, for every client that is connected, whatever they hold.
 */
import { Redis } from 'ioredis'
import { FreshetError } from '../../schemas/errors.ts'
import { keys } from '../../schemas/keys.ts'
import { parseVersion } from '../view.ts'

const SCANNED = 1_000

/** @returns the number at the end of the URL, 0 where there is none */
export const databaseOf = (url: string): number => Number(new URL(url).pathname.slice(1) || 0)

export function withDatabase(url: string, database: number): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

/** @throws FreshetError REDIS_UNAVAILABLE */
export async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null })
  redis.on('error', () => undefined) // the command that fails says so
  try {
    await redis.connect()
  } catch (error) {
    redis.disconnect()
    throw new FreshetError('REDIS_UNAVAILABLE', `Redis at ${new URL(url).host}: ${String(error)}`, { cause: error })
  }
  return redis
}

/** In batches; a key may come twice. */
export async function* keysOf(redis: Redis, pattern = '*'): AsyncGenerator<readonly string[]> {
  let cursor = '0'
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', SCANNED)
    if (found.length > 0) yield found
    cursor = next
  } while (cursor !== '0')
}

/** @throws FreshetError INVALID_CONFIG naming a key that is not of the namespace: it would be taken along */
export async function checkOwn(redis: Redis, namespace: string, database: number): Promise<void> {
  for await (const found of keysOf(redis)) {
    const foreign = found.find(key => !key.startsWith(`${namespace}:`))
    if (foreign === undefined) continue
    const message = `database ${database} of Redis: wanted keys of ${namespace} only, got ${foreign}; give the namespace a database of its own`
    throw new FreshetError('INVALID_CONFIG', message)
  }
}

/** @returns which generation of a table the database is filled from, undefined where from none */
export async function filledFrom(redis: Redis, namespace: string, table: string): Promise<number | undefined> {
  const text = await redis.get(keys.pos.of(namespace, table, '0'))
  return parseVersion(text ?? undefined)?.generation
}
