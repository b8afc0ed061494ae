/** Events through user and item stages; see the text given to `bench`. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Services, startServices } from '../connectors/services/start.ts'
import { type Counted, countSignals, prefill, streams } from './backlog.ts'
import { openLog } from './bench-log.ts'
import { cleanEnv } from './children.ts'
import { cpuSecondsOf } from './cpu.ts'
import { grown, logSizes } from './log-sizes.ts'
import { spreadOf } from './percentiles.ts'
import { atLeast, type Bench, bench } from './report.ts'
import type { WorkerMessage } from './throughput-worker.ts'

const WORKER = fileURLToPath(new URL('throughput-worker.ts', import.meta.url))
const goals: Readonly<Record<string, number>> = { kafka: 12_000, embedded: 5_000 }

const flags = {
  logs: { default: 'kafka,embedded', means: 'which logs: Kafka exactly once, embedded (LMDB, synced to disk)' },
  streams: {
    default: 'movietweetings,zipf',
    means: 'films by time, new users each play; 100,000 users × 50,000 items',
  },
  events: { default: '200000', means: 'length of the backlog' },
  rounds: { default: '3', means: 'rounds of each, in turns' },
  partitions: { default: '4', means: 'on Kafka; embedded has one' },
  profile: { default: '', means: 'write a CPU profile of the stages into this directory' },
} as const
type Flags = Bench<keyof typeof flags>

await bench(
  'a backlog of events through user and item stages, both in one process, no other stage, no catalogue. From the first record ' +
    'processed until every signal is counted and committed. pairs are changes of viewed-with. On Kafka (C2) every commit is a ' +
    'transaction. CPU is that of the stages’ process with GC and I/O threads, the broker’s apart. Bytes are what lies on the disk ' +
    'after the tables that wait up to 5 s are out, input not counted; memory is heap and buffers after GC, divided by keys.',
  flags,
  async run => {
    const logs = run.flags.logs.split(',')
    const services = logs.includes('kafka')
      ? await startServices({ kafka: true, registry: true, jit: 'C2' })
      : undefined
    const results = new Map<string, Round[]>()
    try {
      for (let number = 1; number <= run.number('rounds'); number++)
        for (const log of logs)
          for (const stream of run.flags.streams.split(',')) {
            if (run.signal.aborted) break
            const title = `${log}, ${stream}`
            const round = await oneRound(run, { log, stream, services, title: `${title}, round ${number}` })
            if (round) results.set(title, [...(results.get(title) ?? []), round])
          }
    } finally {
      await services?.stop()
    }
    for (const [title, rounds] of results) report(run, title, rounds)
  },
)

interface Setting {
  readonly log: string
  readonly stream: string
  readonly services: Services | undefined
  readonly title: string
}

interface Round extends Counted {
  readonly events: number
  readonly seconds: number
  readonly userSeconds: number
  readonly cpuSeconds: number
  readonly brokerSeconds: number
  readonly bytes: ReadonlyMap<string, number>
  readonly ended: Extract<WorkerMessage, { kind: 'ended' }>
}

/** @returns undefined when it was broken off */
async function oneRound(run: Flags, setting: Setting): Promise<Round | undefined> {
  const { log, stream, services, title } = setting
  const makeStream = streams[stream]
  if (!makeStream || !(log in goals)) throw new Error(`no such log or stream: ${log}, ${stream}`)
  const dataDir = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const namespace = `bench-${process.hrtime.bigint()}`
  const env = {
    FRESHET_NAMESPACE: namespace,
    FRESHET_DATA_DIR: dataDir,
    FRESHET_LOG_LEVEL: 'warn',
    FRESHET_PARTITIONS: log === 'kafka' ? run.flags.partitions : '1',
    ...(log === 'kafka' && {
      FRESHET_KAFKA_BROKERS: services?.brokers ?? '',
      FRESHET_REGISTRY_URL: services?.registryUrl ?? '',
    }),
  }
  const broker = log === 'kafka' ? (services?.services.kafka?.pid ?? 0) : undefined
  const sizes = () => (broker === undefined ? directorySize(join(dataDir, 'log')) : logSizes(broker))
  try {
    const events = run.number('events')
    const before = await openLog(env)
    await prefill(before, makeStream(events), done => run.progress(`${title}: prefilled ${done} of ${events}`))
    await before.close()
    const sizesBefore = sizes()
    const worked = await work(run, title, env, broker)
    if (!worked) return undefined
    const bytes = grown(sizesBefore, sizes())
    const after = await openLog(env)
    run.progress(`${title}: counting the signals`)
    const counted = await countSignals(after)
    await after.close()
    const wanted = events - worked.ended.rejected
    if (counted.admitted !== wanted)
      throw new Error(`${title}: wanted signals of ${wanted} admitted events, got ${counted.admitted}`)
    return { ...counted, ...worked, events, bytes }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function work(
  run: Flags,
  title: string,
  env: Readonly<Record<string, string>>,
  broker: number | undefined,
): Promise<Omit<Round, 'events' | 'bytes' | keyof Counted> | undefined> {
  const profiling = run.flags.profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${run.flags.profile}`]
  const child: ChildProcess = fork(WORKER, {
    env: { ...cleanEnv(), ...env },
    execArgv: ['--expose-gc', '--max-semi-space-size=64', '--no-allocation-site-pretenuring', ...profiling],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const stop = () => child.kill('SIGKILL')
  run.signal.addEventListener('abort', stop)
  const brokerNow = () => (broker === undefined ? 0 : cpuSecondsOf(broker))
  let brokerAtStart = 0
  let brokerSeconds = 0
  let done: Extract<WorkerMessage, { kind: 'done' }> | undefined
  let ended: Extract<WorkerMessage, { kind: 'ended' }> | undefined
  child.on('message', (message: WorkerMessage) => {
    if (message.kind === 'started') brokerAtStart = brokerNow()
    else if (message.kind === 'at') run.progress(`${title}: ${message.events} of ${run.number('events')}`)
    else if (message.kind === 'done') {
      brokerSeconds = brokerNow() - brokerAtStart
      done = message
    } else ended = message
  })
  const code = await new Promise(resolve => child.once('exit', (exitCode, signal) => resolve(signal ?? exitCode)))
  run.signal.removeEventListener('abort', stop)
  if (run.signal.aborted) return undefined
  if (!done || !ended) throw new Error(`${title}: the stages ended with ${code}`)
  const { seconds, userSeconds, cpuSeconds } = done
  return { seconds, userSeconds, cpuSeconds, brokerSeconds, ended }
}

/** @returns file → bytes in use; LMDB makes its file larger than that in advance */
function directorySize(directory: string): Map<string, number> {
  const files = readdirSync(directory, { withFileTypes: true, recursive: true }).filter(file => file.isFile())
  const sizeOf = (file: { parentPath: string; name: string }) => statSync(join(file.parentPath, file.name)).blocks * 512
  return new Map(files.map(file => [file.name, sizeOf(file)]))
}

function report(run: Flags, title: string, rounds: readonly Round[]): void {
  const over = (figure: (round: Round) => number) => spreadOf(rounds.map(figure))
  const [first] = rounds as [Round]
  run.print()
  run.print(`${title}: ${first.events} events, ${first.admitted} admitted, ${first.pairs} pairs; the signals agree`)
  run.note(title, { events: first.events, admitted: first.admitted, pairs: first.pairs, keys: first.ended.keys })
  const goal = goals[title.split(',')[0] as string] as number
  run.figure(
    `${title}: events`,
    over(round => round.events / round.seconds),
    '/s',
    atLeast(goal),
  )
  run.figure(
    `${title}: user stage done after`,
    over(round => round.userSeconds / round.seconds),
    'of the time',
  )
  run.figure(
    `${title}: pairs`,
    over(round => round.pairs / round.seconds),
    '/s',
  )
  run.figure(
    `${title}: events per CPU-second of the stages`,
    over(round => round.events / round.cpuSeconds),
    '',
  )
  if (first.brokerSeconds > 0)
    run.figure(
      `${title}: events per CPU-second of the broker`,
      over(round => round.events / round.brokerSeconds),
      '',
    )
  run.figure(
    `${title}: written per event`,
    over(round => [...round.bytes.values()].reduce((sum, bytes) => sum + bytes, 0) / round.events),
    'bytes',
  )
  const namespace = /^bench-\d+\./
  const topics = Array.from(
    first.bytes,
    ([topic, bytes]) => [topic.replace(namespace, ''), bytes / first.events] as const,
  )
  run.print(`  ${topics.map(([topic, bytes]) => `${topic} ${bytes.toFixed(0)}`).join(', ')}`)
  run.note(`${title} bytes per event`, Object.fromEntries(topics))
  const { keys } = first.ended
  run.figure(
    `${title}: memory per visitor (${keys.profile})`,
    over(round => round.ended.bytes.user / (round.ended.keys.profile ?? 1)),
    'bytes',
  )
  run.figure(
    `${title}: memory per item (${keys.popularity})`,
    over(round => round.ended.bytes.item / (round.ended.keys.popularity ?? 1)),
    'bytes',
  )
}
