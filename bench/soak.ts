/** Hours of traffic with bursts and one item in every fifth event: what grows that must not; see the text given to `bench`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Foundation } from '../cli/assemble.ts'
import { type Services, startServices } from '../connectors/services/start.ts'
import { bringCatalogue, openLog } from './bench-log.ts'
import { type Chain, startChain } from './chain.ts'
import { FreshnessProbe } from './freshness-probe.ts'
import { logSizes } from './log-sizes.ts'
import { percentile, spreadOf } from './percentiles.ts'
import { poisson } from './poisson.ts'
import { atMost, type Bench, bench } from './report.ts'
import { Traffic } from './traffic.ts'

const SEED = 20_260_103
const FIRST_LIST_WITHIN_MS = 180_000
/** Events watched a second: enough for a p99 of each window. */
const WATCHED_PER_S = 20
const HOT_ITEM = 'item-0'
const MB = 1_048_576

const flags = {
  rate: { default: '1000', means: 'events a second, Poisson, outside bursts' },
  minutes: { default: '60', means: 'how long' },
  burst: { default: '3', means: 'times the rate in a burst; 1 for none' },
  'burst-every': { default: '60', means: 'seconds from burst to burst; each lasts a twelfth of it' },
  hot: { default: '0.2', means: 'share of the events that go to one item' },
  window: { default: '60', means: 'seconds of one line of the table' },
  partitions: { default: '1', means: 'partitions of every topic' },
  users: { default: '100000', means: 'visitors, Zipf 0.8' },
  items: { default: '50000', means: 'items in the catalogue, Zipf 1' },
} as const
type Flags = Bench<keyof typeof flags>

interface Window {
  readonly minute: number
  readonly events: number
  readonly p50: number
  readonly p99: number
  readonly unseen: number
  readonly chainMb: number
  readonly redisMb: number
  /** Of changelogs alone, and of all topics but the input. */
  readonly changelogMb: number
  readonly logMb: number
  readonly bytesPerEvent: number
}

await bench(
  'one process with every stage, Kafka (C2), registry and Redis under steady traffic with bursts. A line each window: freshness of ' +
    'the watched events (acknowledged → rec: key covers it), resident memory, log sizes. At the end the last quarter is held against the second ' +
    '(the first one fills caches and profiles).',
  flags,
  async run => {
    const services = await startServices({ kafka: true, registry: true, redis: true, jit: 'C2' })
    const dataDir = mkdtempSync(join(tmpdir(), 'freshet-soak-'))
    const env = {
      FRESHET_PARTITIONS: run.flags.partitions,
      FRESHET_KAFKA_BROKERS: services.brokers,
      FRESHET_REGISTRY_URL: services.registryUrl,
      FRESHET_REDIS_URL: services.redisUrl,
      FRESHET_DATA_DIR: dataDir,
      FRESHET_LOG_LEVEL: 'warn',
      FRESHET_BOT_MAX_EVENTS: '1000000',
      FRESHET_BOT_MAX_ITEMS: '1000000',
    }
    let parts: Foundation | undefined
    let probe: FreshnessProbe | undefined
    let chain: Chain | undefined
    try {
      parts = await openLog(env)
      probe = new FreshnessProbe(parts, services.redisUrl)
      chain = await startChain([['all']], env)
      await soak(run, services, parts, probe, chain)
    } finally {
      await chain?.stop()
      probe?.close()
      await parts?.close()
      await services.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
)

async function soak(run: Flags, services: Services, parts: Foundation, probe: FreshnessProbe, chain: Chain) {
  const [rate, seconds, windowS] = [run.number('rate'), 60 * run.number('minutes'), run.number('window')]
  const [burst, burstEveryS, hot] = [run.number('burst'), run.number('burst-every'), run.number('hot')]
  const items = run.number('items')
  await bringCatalogue(parts, items, 0, done => run.progress(`catalogue ${done} of ${items}`))
  const traffic = new Traffic({ users: run.number('users'), items, seed: SEED })
  probe.send(traffic.next(Date.now()), true)
  run.progress('waiting for the first list')
  await probe.settle(FIRST_LIST_WITHIN_MS, run.signal)

  const pids = { broker: services.services.kafka?.pid ?? 0, redis: services.services.redis?.pid ?? 0 }
  const windows: Window[] = []
  run.print('minute   events    p50 ms    p99 ms  unseen  chain MB  Redis MB  changelogs MB  topics MB  bytes/event')
  const startedMs = performance.now()
  let before = logSizes(pids.broker)
  while (!run.signal.aborted && performance.now() - startedMs < seconds * 1_000) {
    let events = 0
    const endsMs = performance.now() + windowS * 1_000
    while (performance.now() < endsMs && !run.signal.aborted) {
      const inCycleS = ((performance.now() - startedMs) / 1_000) % burstEveryS
      const isBurst = inCycleS >= (burstEveryS * 11) / 12
      const perSecond = isBurst ? rate * burst : rate
      run.progress(`${Math.round((performance.now() - startedMs) / 1_000)} of ${seconds} s${isBurst ? ', burst' : ''}`)
      events += await poisson({ perSecond, seconds: 1, random: traffic.random, signal: run.signal }, () => {
        chain.check()
        const event = traffic.next(Date.now())
        // A visitor's second look at the hot item within five minutes counts for nothing and changes no list: not watched.
        if (traffic.random() < hot) probe.send({ ...event, itemId: HOT_ITEM }, false)
        else probe.send(event, traffic.random() < WATCHED_PER_S / perSecond)
      })
    }
    const watched = await probe.settle(2_000, run.signal)
    const after = logSizes(pids.broker)
    const latencies = watched.map(one => (one.readableMs ?? Number.POSITIVE_INFINITY) - one.ackMs)
    const one: Window = {
      minute: (performance.now() - startedMs) / 60_000,
      events,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      unseen: watched.filter(({ readableMs }) => readableMs === undefined).length,
      chainMb: residentMb(chain.pids[0] ?? 0),
      redisMb: residentMb(pids.redis),
      changelogMb: megabytes(after, topic => topic.endsWith('-changelog.v1')),
      logMb: megabytes(after, topic => topic !== 'interactions.v1'),
      // What compaction has taken away meanwhile would make it too small; then it is not shown.
      bytesPerEvent: (sum(after) - sum(before)) / events,
    }
    before = after
    windows.push(one)
    run.print(
      [
        one.minute.toFixed(1).padStart(6),
        String(events).padStart(8),
        one.p50.toFixed(0).padStart(9),
        one.p99.toFixed(0).padStart(9),
        String(one.unseen).padStart(7),
        one.chainMb.toFixed(0).padStart(9),
        one.redisMb.toFixed(0).padStart(9),
        one.changelogMb.toFixed(0).padStart(14),
        one.logMb.toFixed(0).padStart(10),
        (one.bytesPerEvent > 0 ? one.bytesPerEvent.toFixed(0) : 'compacted').padStart(12),
      ].join(' '),
    )
  }
  conclude(run, windows)
}

function conclude(run: Flags, windows: readonly Window[]): void {
  run.note('windows', windows)
  const quarter = (number: number) =>
    windows.slice(Math.floor((number * windows.length) / 4), Math.floor(((number + 1) * windows.length) / 4))
  const [second, last] = [quarter(1), quarter(3)]
  run.print()
  if (second.length === 0 || last.length === 0) {
    run.print('too short to tell')
    return
  }
  const median = (some: readonly Window[], of: (one: Window) => number) => spreadOf(some.map(of)).median
  const ratio = (name: string, of: (one: Window) => number, limit: number) =>
    run.figure(
      `${name}, last quarter over second`,
      spreadOf([median(last, of) / median(second, of)]),
      '×',
      atMost(limit),
    )
  ratio('memory of the chain', one => one.chainMb, 1.2)
  ratio('memory of Redis', one => one.redisMb, 1.5)
  ratio('changelogs on disk', one => one.changelogMb, 2)
  ratio('p99 freshness', one => one.p99, 1.5)
  run.figure('p50', spreadOf(windows.map(one => one.p50)), 'ms')
  run.figure('p99', spreadOf(windows.map(one => one.p99)), 'ms')
  const grown = windows.filter(one => one.bytesPerEvent > 0)
  run.figure('written to Kafka per event', spreadOf(grown.map(one => one.bytesPerEvent)), 'bytes', atMost(2_500))
}

function sum(sizes: ReadonlyMap<string, number>): number {
  return sizes.values().reduce((all, size) => all + size, 0)
}

function megabytes(sizes: ReadonlyMap<string, number>, isCounted: (topic: string) => boolean): number {
  return sizes.entries().reduce((all, [topic, size]) => (isCounted(topic) ? all + size : all), 0) / MB
}

function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes ?? 0) / 1_024
}
