/** Redis is lost, old, asleep, slow or away: views come back by themselves, and the API answers meanwhile. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault } from '../fault.ts'
import type { Shop } from '../shop.ts'

const WHILE_MS = 3_000
const PAUSE_MS = 2_000
const PAUSES = 3
const AWAY_MS = 6_000
/** Each way; a read of the API may take 20 ms. */
const SLOW_MS = 40

export const redisFlush: Fault = {
  number: 11,
  name: 'redis-flush',
  about: 'FLUSHALL under load, twice',
  async strike({ redis }) {
    await redis.flushall()
    await wait(WHILE_MS)
    await redis.flushall()
  },
}

export const redisRestart: Fault = {
  number: 11,
  name: 'redis-restart',
  about: 'Redis is killed and comes back empty',
  async strike(shop) {
    await forgetSaved(shop)
    await shop.world.service('redis').restart()
  },
}

export const redisFailover: Fault = {
  number: 11,
  name: 'redis-failover',
  about:
    'Redis is killed and comes back with what it held some seconds ago, as after a failover to a replica that lagged',
  async strike(shop) {
    await shop.redis.save()
    await wait(WHILE_MS)
    await shop.world.service('redis').restart()
    await forgetSaved(shop)
  },
}

export const redisPause: Fault = {
  number: 12,
  name: 'redis-pause',
  about: 'Redis answers nobody for two seconds, three times; then it is stopped by a signal for as long',
  async strike({ redis, world }) {
    for (let pause = 0; pause < PAUSES; pause++) {
      await redis.client('PAUSE', PAUSE_MS, 'ALL')
      await wait(PAUSE_MS + 500)
    }
    await world.service('redis').kill('SIGSTOP')
    await wait(PAUSE_MS)
    await world.service('redis').kill('SIGCONT')
  },
}

export const redisSlow: Fault = {
  number: 12,
  name: 'redis-slow',
  about: 'every answer of Redis is late by more than a read of the API may take; then nobody can connect',
  async strike({ redisProxies }, { progress }) {
    for (const proxy of redisProxies.values()) proxy.delayMs = SLOW_MS
    await wait(AWAY_MS)
    progress('away')
    for (const proxy of redisProxies.values()) proxy.isAway = true
    await wait(AWAY_MS)
  },
}

/** Redis would start with it again. */
async function forgetSaved({ redis }: Shop): Promise<void> {
  const [, folder = ''] = (await redis.config('GET', 'dir')) as string[]
  rmSync(join(folder, 'dump.rdb'), { force: true })
}
