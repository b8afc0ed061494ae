import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkEviction } from '../../../connectors/redis/eviction.ts'
import { FreshetError } from '../../../schemas/errors.ts'

for (const [policy, limit, isFine] of [
  ['noeviction', 0, true],
  ['noeviction', 100, true],
  ['volatile-lru', 0, true],
  ['volatile-lru', 100, false],
  ['allkeys-lfu', 0, false],
] as const) {
  test(`${policy} with maxmemory ${limit} is ${isFine ? 'accepted' : 'refused'}`, () => {
    const check = () => checkEviction(`# Memory\r\nmaxmemory:${limit}\r\nmaxmemory_policy:${policy}\r\n`)
    if (isFine) check()
    else assert.throws(check, FreshetError)
  })
}
