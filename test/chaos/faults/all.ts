import type { Fault } from '../fault.ts'
import { interleavedAborts, killBeforeCommit, killBeforeRedis, killInOpen } from './kills.ts'
import { compaction, otherVersion, partitionAdded, retention } from './log.ts'
import { brokerRestart, cutConnections, lostAnswers, partitioned, slowNetwork } from './network.ts'
import { oddTimes, poison, resent, slowHandler } from './records.ts'
import { redisFailover, redisFlush, redisPause, redisRestart, redisSlow } from './redis.ts'
import { registryAway, registryAwayAtStart } from './registry.ts'
import { allAsleep, rebalanceStorm, twoOwners, zombie } from './sleeps.ts'

/** In the order in which a round takes them. */
export const faults: readonly Fault[] = [
  killBeforeCommit,
  lostAnswers,
  redisFlush,
  rebalanceStorm,
  poison,
  registryAway,
  zombie,
  redisSlow,
  brokerRestart,
  killInOpen,
  redisFailover,
  partitioned,
  oddTimes,
  compaction,
  slowNetwork,
  retention,
  killBeforeRedis,
  twoOwners,
  redisPause,
  interleavedAborts,
  resent,
  registryAwayAtStart,
  cutConnections,
  partitionAdded,
  allAsleep,
  redisRestart,
  slowHandler,
  otherVersion,
]
