/** Freshet and Kafka Streams at the same job; see the text given to `bench`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sayOnStderr, type Services, startServices } from '../connectors/services/start.ts'
import { kstreamsClasses } from './beside-streams-java.ts'
import { report } from './beside-streams-report.ts'
import { type SideRound, sideRound } from './beside-streams-round.ts'
import { shares } from './beside-streams-shares.ts'
import { SIDES, type Side } from './beside-streams-sides.ts'
import { type Bench, bench } from './report.ts'

const SEED = 20_260_104

const flags = {
  sides: { default: 'freshet,streams', means: 'which of the two' },
  rounds: { default: '3', means: 'rounds of each side, in turns' },
  rates: { default: '100,500,1000', means: 'events a second, Poisson, for the latency' },
  seconds: { default: '20', means: 'length of each rate' },
  events: { default: '200000', means: 'backlog that is timed: 100,000 are one play of MovieTweetings' },
  warm: { default: '50000', means: 'backlog before it, so that both are warm' },
  partitions: { default: '4', means: 'partitions of every topic' },
  processes: { default: '2', means: 'of Freshet, each with both stages' },
  threads: { default: '2', means: 'of Kafka Streams: num.stream.threads' },
  'commit-ms': { default: '100', means: 'of Kafka Streams: commit.interval.ms' },
  'cache-mb': { default: '128', means: 'of Kafka Streams: statestore.cache.max.bytes; its own default is 10' },
  profile: { default: '', means: 'write CPU profiles of Freshet’s processes into this directory' },
} as const
type Flags = Bench<keyof typeof flags>

await bench(
  'the same job on the same broker (C2) in turns: events by user → the user’s last 20 distinct items → every pair by item, both ' +
    'ways → exact counts → the top 100 of each item → changed lists, exactly once. MovieTweetings by time, new users each play. Throughput: a backlog ' +
    'in one transaction, from its end until the lists hold every pair. Latency: from the acknowledgement of an event by Kafka until a ' +
    'read_committed consumer of this process has the list of its item that holds all its pairs; every event that makes pairs is timed. At the end of every ' +
    'round the lists of either side must be those of a brute-force count. Percentiles and ratios are of a round; shown is their median (least … most).',
  flags,
  async run => {
    const sides = run.flags.sides.split(',') as Side[]
    for (const side of sides) if (!(side in SIDES)) throw new Error(`--sides: wanted freshet or streams, got ${side}`)
    const classPath = sides.includes('streams') ? await kstreamsClasses(sayOnStderr) : ''
    const brokerSettings = {
      'log.cleaner.enable': 'false', // else what was written does not all lie there to be counted
      'broker.session.timeout.ms': '30000', // it is never killed here, and a backlog takes its time
    }
    const services = await startServices({ kafka: true, registry: true, jit: 'C2', brokerSettings })
    const results = new Map<Side, SideRound[]>(sides.map(side => [side, []]))
    try {
      for (let number = 1; number <= run.number('rounds'); number++)
        for (const side of number % 2 === 1 ? sides : sides.toReversed()) {
          if (run.signal.aborted) break
          const round = await oneRound(run, { side, number, services, classPath })
          if (round) results.get(side)?.push(round)
        }
    } finally {
      await services.stop()
    }
    report(run, results)
    if (run.flags.profile !== '') reportShares(run)
  },
)

function reportShares(run: Flags): void {
  run.print()
  run.print(
    'Freshet: shares of the time of its processes by their profiles, all phases; waiting is a share of all time',
  )
  const all = shares(run.flags.profile)
  for (const [part, share] of all) run.print(`  ${(100 * share).toFixed(1).padStart(5)} %  ${part}`)
  run.note('shares', Object.fromEntries(all))
}

interface Turn {
  readonly side: Side
  readonly number: number
  readonly services: Services
  readonly classPath: string
}

async function oneRound(run: Flags, { side, number, services, classPath }: Turn): Promise<SideRound | undefined> {
  const dataDir = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const env = {
    FRESHET_NAMESPACE: `bench-${side}-${number}`,
    FRESHET_PARTITIONS: run.flags.partitions,
    FRESHET_KAFKA_BROKERS: services.brokers,
    FRESHET_REGISTRY_URL: services.registryUrl,
    FRESHET_DATA_DIR: dataDir,
    FRESHET_LOG_LEVEL: 'warn',
    FRESHET_TRANSACTION_TIMEOUT_MS: '60000', // the backlog is one
    FRESHET_SESSION_TIMEOUT_MS: '30000', // nobody dies here, and a busy machine must not look like it
  }
  const streams = {
    classPath,
    threads: run.number('threads'),
    commitMs: run.number('commit-ms'),
    cacheMb: run.number('cache-mb'),
  }
  try {
    return await sideRound({
      side,
      setup: { env, dataDir, processes: run.number('processes'), streams, profile: run.flags.profile },
      brokerPid: services.services.kafka?.pid ?? 0,
      warm: run.number('warm'),
      events: run.number('events'),
      rates: run.numbers('rates'),
      seconds: run.number('seconds'),
      seed: SEED + number,
      signal: run.signal,
      progress: line => run.progress(`round ${number} of ${run.flags.rounds}: ${line}`),
    })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
