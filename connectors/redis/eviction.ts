/** A Redis that evicts throws lists away without a word, and the sink would never know to write them again. */
import { FreshetError } from '../../schemas/errors.ts'

/**
 * @param info - the answer to INFO memory
 * @throws FreshetError INVALID_CONFIG for an allkeys policy, and for a volatile one where there is a memory limit
 */
export function checkEviction(info: string): void {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0)
  if (policy === 'noeviction' || (!policy.startsWith('allkeys-') && limit === 0)) return
  throw new FreshetError(
    'INVALID_CONFIG',
    `Redis: maxmemory-policy: wanted noeviction, got ${policy} with maxmemory ${limit}: it would lose lists silently. ` +
      'Set it with CONFIG SET maxmemory-policy noeviction, or give Freshet a Redis of its own',
  )
}
