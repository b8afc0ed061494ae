/** What befalls processes and services, action by action. */
import { defaultFolds } from '../../processors/options.ts'
import { simulatedGraph } from './graph.ts'
import type { Action, ActionKind } from './plan.ts'
import type { SimulatedProcess } from './process.ts'
import type { World } from './world.ts'

const MAX_PROCESSES = 4

/** @param chosen - a process that is up */
type Act = (world: World, forMs: number) => void
type ActOn = (chosen: SimulatedProcess, forMs: number, world: World) => void

const acts: Partial<Record<ActionKind, Act>> = {
  start(world) {
    if (world.up().length < MAX_PROCESSES) world.start()
  },
  compact: world => world.compact('keep'),
  'broker-away': (world, forMs) => world.away('broker', forMs),
  'registry-away': (world, forMs) => world.away('registry', forMs),
  'redis-away': (world, forMs) => world.redisAway(forMs),
  'redis-refuses': (world, forMs) => world.redisRefuses(forMs),
  'redis-slow': (world, forMs) => world.slowRedis(forMs),
  'redis-flush': world => world.redis.flush(),
  'redis-restart'(world) {
    world.redis.flush()
    world.reconnect()
  },
  'redis-failover': failOver,
  'redis-failover-short': failOver,
  'machine-sleeps': (world, forMs) => world.time.skip(forMs),
  'other-version'(world) {
    const topology = simulatedGraph({ ...defaultFolds, sessionGapMs: 60_000 })
    if (world.hasState) world.start({ topology, expects: 'STATE_MISMATCH' })
  },
  'other-partitions': world => world.start({ partitions: world.plan.partitions + 1, expects: 'TOPIC_MISMATCH' }),
}

const actsOnOne: Partial<Record<ActionKind, ActOn>> = {
  stop: chosen => void chosen.stop(),
  kill: chosen => chosen.parts.client.crash(),
  sleep: (chosen, forMs, world) => world.sleep(chosen, forMs),
  expel: chosen => chosen.parts.client.expel(),
}

function failOver(world: World, behindMs: number): void {
  world.redis.failOver(behindMs)
  world.reconnect()
}

export function act(world: World, { kind, which, forMs }: Action): void {
  const up = world.up()
  const chosen = up[which % Math.max(1, up.length)]
  acts[kind]?.(world, forMs)
  if (chosen) actsOnOne[kind]?.(chosen, forMs, world)
}
