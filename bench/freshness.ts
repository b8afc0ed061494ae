/** From an event that Kafka has acknowledged to the list in Redis that knows it; see the text given to `bench`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Foundation } from '../cli/assemble.ts'
import { type Services, startServices } from '../connectors/services/start.ts'
import { topics } from '../schemas/topics.ts'
import { bringCatalogue, endsOf, openLog } from './bench-log.ts'
import { type Chain, startChain } from './chain.ts'
import { CpuWatch } from './cpu.ts'
import { hopNames, hopsOf } from './freshness-hops.ts'
import { FreshnessProbe, type Watched } from './freshness-probe.ts'
import { grown, logSizes } from './log-sizes.ts'
import { percentile, shownSpread, spreadOf } from './percentiles.ts'
import { poisson } from './poisson.ts'
import { atMost, type Bench, bench, type Goal } from './report.ts'
import { Traffic } from './traffic.ts'

const SEED = 20_260_101
/** Events of the first seconds of a round are not watched. */
const SETTLE_S = 2
const FIRST_LIST_WITHIN_MS = 180_000
const QUIET_WITHIN_S = 60
const goals: Readonly<Record<string, Goal>> = {
  '1000 p50': atMost(30),
  '1000 p99': atMost(100),
  '200 p50': atMost(10),
}
const PROCESSES: Readonly<Record<number, readonly (readonly string[])[]>> = {
  1: [['all']],
  2: [
    ['user', 'item'],
    ['list', 'related', 'trending', 'sink'],
  ],
}

const flags = {
  rates: { default: '100,200,500,1000', means: 'events a second, Poisson' },
  partitions: { default: '4,1', means: 'partitions of every topic, one run after the other' },
  processes: { default: '1', means: '1 (all stages and the sink) or 2 (user and item | the rest)' },
  users: { default: '100000', means: 'visitors, Zipf 0.8' },
  items: { default: '50000', means: 'items in the catalogue, Zipf 1' },
  embedding: { default: '0', means: 'length of the vector supplied with each item' },
  rounds: { default: '3', means: 'rounds of each rate, in turns' },
  seconds: { default: '20', means: 'length of a round' },
  warm: { default: '60', means: 'seconds of traffic at the highest rate before the first round' },
  idle: { default: '10', means: 'seconds without traffic, to see what idling costs' },
  watched: { default: '50', means: 'events a second whose list is watched' },
  profile: { default: '', means: 'node option for the chain, say --cpu-prof-dir=DIR (with --cpu-prof)' },
} as const
type Flags = Bench<keyof typeof flags>

await bench(
  'event acknowledged by Kafka → asOf of freshet:rec:{user} in Redis covers it. Kafka (C2), registry, Redis, the chain and this ' +
    'process share the machine. Some events are watched, by reading the head of their key every 2 ms; so up to 2 ms are the bench’s own. ' +
    'The limits for bots are off, since a Zipf head is one. Percentiles are of a round; shown is their median over the rounds (least … most).',
  flags,
  async run => {
    const services = await startServices({ kafka: true, registry: true, redis: true, jit: 'C2' })
    try {
      for (const partitions of run.numbers('partitions'))
        if (!run.signal.aborted) await series(run, services, partitions)
    } finally {
      await services.stop()
    }
  },
)

async function series(run: Flags, services: Services, partitions: number): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const env = {
    FRESHET_NAMESPACE: `bench-p${partitions}`,
    FRESHET_PARTITIONS: String(partitions),
    FRESHET_KAFKA_BROKERS: services.brokers,
    FRESHET_REGISTRY_URL: services.registryUrl,
    FRESHET_REDIS_URL: services.redisUrl,
    FRESHET_DATA_DIR: dataDir,
    FRESHET_LOG_LEVEL: 'warn',
    FRESHET_BOT_MAX_EVENTS: '1000000',
    FRESHET_BOT_MAX_ITEMS: '1000000',
  }
  const processes = PROCESSES[run.number('processes')]
  if (!processes) throw new Error('--processes: wanted 1 or 2')
  let parts: Foundation | undefined
  let probe: FreshnessProbe | undefined
  let chain: Chain | undefined
  try {
    parts = await openLog(env)
    probe = new FreshnessProbe(parts, services.redisUrl)
    chain = await startChain(processes, env, run.flags.profile === '' ? [] : ['--cpu-prof', run.flags.profile])
    await measure(run, { services, parts, probe, chain, partitions })
    chain.check()
  } finally {
    await chain?.stop()
    probe?.close()
    await parts?.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

interface Setting {
  readonly services: Services
  readonly parts: Foundation
  readonly probe: FreshnessProbe
  readonly chain: Chain
  readonly partitions: number
}

interface Round {
  readonly events: number
  /** Lists built while the events came. */
  readonly built: number
  readonly watched: readonly Watched[]
  readonly hops: readonly (readonly number[])[]
  readonly cpu: ReadonlyMap<string, { readonly cores: number }>
  readonly bytes: ReadonlyMap<string, number>
}

async function measure(run: Flags, setting: Setting): Promise<void> {
  const { services, parts, probe, chain, partitions } = setting
  const label = `${partitions} partition${partitions === 1 ? '' : 's'}`
  const items = run.number('items')
  await bringCatalogue(parts, items, run.number('embedding'), done => run.progress(`catalogue ${done} of ${items}`))
  const traffic = new Traffic({ users: run.number('users'), items, seed: SEED })
  probe.send(traffic.next(Date.now()), true)
  run.progress('waiting for the first list')
  const [first] = await probe.settle(FIRST_LIST_WITHIN_MS, run.signal)
  chain.check()
  if (first?.readableMs === undefined && !run.signal.aborted) throw new Error('the first list did not come')

  await untilQuiet(run, chain)

  const rates = run.numbers('rates')
  const most = Math.max(...rates)
  run.progress(`warming up for ${run.number('warm')} s at ${most} events/s`)
  await send(run, setting, traffic, most, run.number('warm'), 0)
  await probe.settle(30_000, run.signal)
  await untilQuiet(run, chain)

  const broker = services.services.kafka?.pid ?? 0
  const watch = new CpuWatch(
    new Map([
      ['chain', chain.pids],
      ['broker', [broker]],
      ['Redis', [services.services.redis?.pid ?? 0]],
      ['this bench', [process.pid]],
    ]),
  )
  const rounds = new Map<number, Round[]>(rates.map(rate => [rate, []]))
  for (let number = 1; number <= run.number('rounds'); number++)
    for (const rate of rates) {
      if (run.signal.aborted) break
      if (number > 1 || rate !== rates[0]) await untilQuiet(run, chain)
      run.progress(`${label}, round ${number} of ${run.number('rounds')}: ${rate} events/s`)
      await send(run, setting, traffic, rate, SETTLE_S, 0)
      const since = { profiles: await endsOf(parts, topics.profiles), lists: await endsOf(parts, topics.lists) }
      const before = logSizes(broker)
      watch.look()
      const builtBefore = await listsBuilt(chain)
      const events = await send(run, setting, traffic, rate, run.number('seconds'), run.number('watched') / rate)
      const cpu = watch.look()
      const built = (await listsBuilt(chain)) - builtBefore
      const bytes = grown(before, logSizes(broker))
      const watched = await probe.settle(30_000, run.signal)
      rounds.get(rate)?.push({ events, built, watched, hops: await hopsOf(parts, watched, since), cpu, bytes })
      chain.check()
    }
  report(run, label, rounds)

  if (run.number('idle') > 0 && !run.signal.aborted) {
    await wait(7_000) // tables that wait for five seconds
    run.progress(`idle for ${run.number('idle')} s`)
    watch.look()
    await wait(run.number('idle') * 1_000, undefined, { signal: run.signal }).catch(() => undefined)
    run.print()
    for (const [name, { cores }] of watch.look())
      run.figure(
        `${label}, idle: ${name}`,
        spreadOf([100 * cores]),
        '% of a core',
        name === 'chain' ? atMost(10) : undefined,
      )
  }
}

/** What came before has gone through every stage when the chain has next to nothing to do. */
async function untilQuiet(run: Flags, chain: Chain): Promise<void> {
  const watch = new CpuWatch(new Map([['chain', chain.pids]]))
  for (let quietS = 0, s = 0; quietS < 2 && s < QUIET_WITHIN_S && !run.signal.aborted; s++) {
    await wait(1_000)
    const cores = watch.look().get('chain')?.cores ?? 0
    quietS = cores < 0.25 ? quietS + 1 : 0
    run.progress(`waiting for the chain to catch up: ${(100 * cores).toFixed(0)} % of a core`)
  }
  chain.check()
}

async function listsBuilt(chain: Chain): Promise<number> {
  const texts = await chain.metrics()
  const count = (text: string) => Number(/^freshet_view_built_total\{view="list"\} (\d+)/m.exec(text)?.[1] ?? 0)
  return texts.reduce((sum, text) => sum + count(text), 0)
}

/** @param share - of the events that are watched */
function send(run: Flags, { probe, chain }: Setting, traffic: Traffic, rate: number, seconds: number, share: number) {
  return poisson({ perSecond: rate, seconds, random: traffic.random, signal: run.signal }, () => {
    chain.check()
    probe.send(traffic.next(Date.now()), traffic.random() < share)
  })
}

function report(run: Flags, label: string, all: ReadonlyMap<number, readonly Round[]>): void {
  for (const [rate, rounds] of all) {
    if (rounds.length === 0) continue
    const title = `${label}, ${rate}/s`
    const over = (figure: (round: Round) => number) => spreadOf(rounds.map(figure))
    const latencies = (round: Round) =>
      round.watched.map(one => (one.readableMs ?? Number.POSITIVE_INFINITY) - one.ackMs)
    const count = rounds.reduce((sum, round) => sum + round.watched.length, 0)
    const missing = rounds.flatMap(round => round.watched).filter(one => one.readableMs === undefined).length
    run.print()
    run.print(`${title}: ${count} events watched, ${missing} of them not seen within 30 s`)
    run.note(`${title} watched`, { count, missing })
    for (const [name, share] of [
      ['p50', 0.5],
      ['p90', 0.9],
      ['p99', 0.99],
    ] as const)
      run.figure(
        `${title}: ${name}`,
        over(round => percentile(latencies(round), share)),
        'ms',
        goals[`${rate} ${name}`],
      )
    hopNames.forEach((name, hop) => {
      const at = (share: number) =>
        over(round =>
          percentile(
            round.hops.map(row => row[hop] as number),
            share,
          ),
        )
      run.print(`  ${name.padEnd(40)} p50 ${shownSpread(at(0.5))}, p99 ${shownSpread(at(0.99))} ms`)
      run.note(`${title} hop ${name}`, { p50: at(0.5), p99: at(0.99) })
    })
    const sending = over(round =>
      percentile(
        round.watched.map(one => one.ackMs - one.sentMs),
        0.5,
      ),
    )
    run.print(`  ${'sent → acknowledged (before the clock starts)'.padEnd(40)} p50 ${shownSpread(sending)} ms`)
    run.figure(
      `${title}: lists built`,
      over(round => round.built / round.events),
      'an event',
    )
    const cpu = [...(rounds[0]?.cpu.keys() ?? [])].map(
      name => `${name} ${(100 * over(round => round.cpu.get(name)?.cores ?? 0).median).toFixed(0)} %`,
    )
    run.print(`  CPU of a core: ${cpu.join(', ')}`)
    run.note(`${title} cpu`, cpu)
    const events = rounds.reduce((sum, round) => sum + round.events, 0)
    const bytes = new Map<string, number>()
    for (const round of rounds)
      for (const [topic, more] of round.bytes) bytes.set(topic, (bytes.get(topic) ?? 0) + more)
    const perEvent = Array.from(bytes, ([topic, sum]) => [topic, sum / events] as const).sort(([, a], [, b]) => b - a)
    run.figure(
      `${title}: written to Kafka per event`,
      over(round => [...round.bytes.values()].reduce((sum, more) => sum + more, 0) / round.events),
      'bytes',
      rate >= 1_000 ? atMost(2_500) : undefined,
    )
    run.print(`  ${perEvent.map(([topic, size]) => `${topic} ${size.toFixed(0)}`).join(', ')}`)
    run.note(`${title} bytes per event`, Object.fromEntries(perEvent))
  }
}
