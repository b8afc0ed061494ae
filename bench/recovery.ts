/** What a dead, a stopped and a replaced worker cost; see the text given to `bench`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Foundation } from '../cli/assemble.ts'
import { Guard } from '../connectors/services/guard.ts'
import { startServices } from '../connectors/services/start.ts'
import { FreshetProcess } from '../test/chaos/freshet-process.ts'
import { Load } from '../test/chaos/load.ts'
import { Traffic } from '../test/chaos/traffic.ts'
import { until } from '../test/chaos/until.ts'
import { openLog } from './bench-log.ts'
import { CommitWatch, type TaskName } from './commit-watch.ts'
import { loadProfiles } from './loaded-profiles.ts'
import { openingsOf, ownersOf, restoreRate } from './openings.ts'
import { Pauses } from './pauses.ts'
import { spreadOf } from './percentiles.ts'
import { atMost, type Bench, bench } from './report.ts'

const SEED = 20_260_102
const WITHIN_MS = 10 * 60_000
/** So long nothing must have been opened, and everything must have been committed. */
const STEADY_MS = 8_000
/** Longest gap between commits of a task that is called steady; the item stage commits once a second. */
const STEADY_GAP_MS = 3_000

const flags = {
  profiles: { default: '1000000', means: 'visitors whose state is there before anything happens' },
  events: { default: '6', means: 'that each of them has behind them, mean' },
  workers: { default: '3', means: 'processes that run the user and the item stage' },
  partitions: { default: '6', means: 'of every topic' },
  rate: { default: '500', means: 'events a second meanwhile' },
  kills: { default: '3', means: 'kills, each of another worker' },
} as const
type Flags = Bench<keyof typeof flags>

interface Scene {
  readonly run: Flags
  readonly watch: CommitWatch
  readonly workers: readonly FreshetProcess[]
}

await bench(
  'kill −9, clean restart and rolling restart of workers under load, with the state of many visitors behind them. A stall is the ' +
    'longest time between two commits of a task, read from the changelog. Restored records are those of the changelog, without markers; ' +
    'their bytes are those of keys and values, uncompressed.',
  flags,
  async run => {
    const services = await startServices({
      kafka: true,
      registry: true,
      jit: 'C2',
      say: line => run.progress(line),
      brokerSettings: { 'broker.session.timeout.ms': '18000' }, // nobody restarts it, and workers that start take both cores
    })
    const folder = mkdtempSync(join(tmpdir(), 'freshet-recovery-'))
    const guard = new Guard(folder)
    const env = {
      FRESHET_KAFKA_BROKERS: services.brokers,
      FRESHET_REGISTRY_URL: services.registryUrl,
      FRESHET_NAMESPACE: `recovery-${process.hrtime.bigint().toString(36)}`,
      FRESHET_PARTITIONS: run.flags.partitions,
    }
    const workers = Array.from({ length: run.number('workers') }, (_, index) => {
      const name = `worker-${index + 1}`
      // With much state Node's own limit of the heap is soon reached.
      const more = { FRESHET_KAFKA_CLIENT_ID: name, NODE_OPTIONS: '--max-semi-space-size=64 --max-old-space-size=8192' }
      return new FreshetProcess({
        name,
        arguments: ['run', 'user', 'item'],
        env: { ...env, ...more },
        logFile: join(folder, `${name}.log`),
        guard,
      })
    })
    let parts: Foundation | undefined
    const pauses = new Pauses()
    try {
      parts = await openLog(env)
      await scenes(run, parts, workers)
      for (const death of workers.flatMap(worker => worker.deaths)) run.print(death)
      if (pauses.longestMs > STEADY_GAP_MS)
        run.print(`this bench itself stood still for ${(pauses.longestMs / 1000).toFixed(1)} s: run it again`)
    } finally {
      pauses.stop()
      await Promise.all(workers.map(worker => worker.kill()))
      await parts?.close()
      await services.stop()
      guard.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

async function scenes(run: Flags, parts: Foundation, workers: readonly FreshetProcess[]): Promise<void> {
  const profiles = run.number('profiles')
  const loaded = await loadProfiles(parts, {
    profiles,
    events: run.number('events'),
    signal: run.signal,
    onProgress: done => run.progress(`${done} of ${profiles} profiles`),
  })
  const [pages, kilobytes] = [loaded.records / profiles, loaded.bytes / profiles / 1000]
  run.print(`${profiles} profiles of ${pages.toFixed(1)} changelog records, ${kilobytes.toFixed(2)} kB\n`)
  const watch = await CommitWatch.open(parts)
  const load = new Load(parts, new Traffic(SEED, Date.now()), run.number('rate'))
  const scene = { run, watch, workers }
  try {
    await start(scene)
    load.start()
    await steady(scene)
    const nowMs = Date.now()
    for (const stage of ['user', 'item'])
      run.figure(
        `nothing happens: longest gap of ${stage} tasks`,
        stallOf(scene, stage, ownersOf(workers).keys(), nowMs - STEADY_MS),
        's',
      )
    await kills(scene)
    await cleanRestart(scene)
    await rollingRestart(scene)
  } finally {
    await load.pause()
    await watch.close()
  }
}

/** All at once: so many records were never restored together again. */
async function start({ run, workers }: Scene): Promise<void> {
  const startMs = Date.now()
  for (const worker of workers) worker.start()
  const tasks = 2 * run.number('partitions')
  const look = () => ownersOf(workers).size === tasks
  await until('every task to run', look, WITHIN_MS, 200)
  // Who started first had more, and gave it away.
  const opened = openingsOf(workers)
  run.print(`${tasks} tasks run after ${((Math.max(...opened.map(one => one.atMs)) - startMs) / 1000).toFixed(1)} s`)
}

/** Resolves when nothing has been opened for a while and every task commits. */
async function steady({ run, watch, workers }: Scene): Promise<void> {
  const look = () => {
    const nowMs = Date.now()
    const lastMs = openingsOf(workers).at(-1)?.atMs ?? nowMs
    run.progress('waiting until all is steady')
    if (run.signal.aborted) return true
    if (nowMs - lastMs < STEADY_MS) return false
    return [...ownersOf(workers).keys()].every(task => watch.longestGap(task, nowMs - STEADY_MS, nowMs) < STEADY_GAP_MS)
  }
  await until('steady commits', look, WITHIN_MS, 200)
}

/** The longest of these tasks, in s. */
function stallOf({ watch }: Scene, stage: string, tasks: Iterable<TaskName>, fromMs: number, toMs = Date.now()) {
  const own = [...tasks].filter(task => task.startsWith(`${stage}/`))
  return spreadOf([Math.max(0, ...own.map(task => watch.longestGap(task, fromMs, toMs))) / 1000])
}

async function kills(scene: Scene): Promise<void> {
  const { run, watch, workers } = scene
  const stalls: Record<string, number[]> = { user: [], item: [] }
  const joins: number[] = []
  const again: number[] = []
  const rates: ReturnType<typeof restoreRate>[] = []
  for (let kill = 0; kill < run.number('kills') && !run.signal.aborted; kill++) {
    const victim = workers[kill % workers.length] as FreshetProcess
    const owners = ownersOf(workers)
    const tasksOf = (isVictim: boolean) =>
      [...owners].filter(([, one]) => (one === victim) === isVictim).map(([t]) => t)
    const [lost, stayed] = [tasksOf(true), tasksOf(false)]
    run.progress(`kill ${kill + 1}: ${victim.name} with ${lost.join(', ')}`)
    const killedMs = Date.now()
    await victim.kill()
    const others = workers.filter(worker => worker !== victim)
    const reopened = () => openingsOf(others, killedMs).filter(({ task }) => lost.includes(task))
    const firstCommits = () =>
      lost.map(task => watch.firstCommit(task, reopened().find(one => one.task === task)?.atMs ?? Infinity))
    await until('its tasks to commit elsewhere', () => firstCommits().every(Number.isFinite), WITHIN_MS, 100)
    again.push((Math.max(...firstCommits()) - killedMs) / 1000)
    rates.push(restoreRate(reopened()))
    await steady(scene)
    for (const stage of ['user', 'item']) stalls[stage]?.push(stallOf(scene, stage, stayed, killedMs).median)
    const joinsMs = Date.now()
    victim.start()
    await comeBack(scene, victim, joinsMs)
    joins.push(Math.max(...['user', 'item'].map(stage => stallOf(scene, stage, stayed, joinsMs).median)))
  }
  run.figure('kill −9: longest stall of user tasks elsewhere', spreadOf(stalls.user ?? []), 's', atMost(5))
  run.figure('kill −9: longest stall of item tasks elsewhere', spreadOf(stalls.item ?? []), 's', atMost(5))
  run.figure('kill −9: all its tasks commit elsewhere after', spreadOf(again), 's', atMost(20))
  run.figure('restore by one worker: all its new tasks', spreadOf(rates.map(rate => rate.ms / 1000)), 's')
  run.figure('restore by one worker', spreadOf(rates.map(rate => rate.recordsPerS / 1000)), 'k records/s')
  run.figure('restore by one worker', spreadOf(rates.map(rate => rate.bytesPerS / 1e6)), 'MB/s')
  run.figure('a worker joins: longest stall of the tasks there were', spreadOf(joins), 's')
}

async function comeBack(scene: Scene, worker: FreshetProcess, sinceMs: number): Promise<void> {
  const isBack = () => openingsOf([worker], sinceMs).length > 0
  await until(`${worker.name} to get tasks`, isBack, WITHIN_MS, 100)
  await steady(scene)
}

async function cleanRestart(scene: Scene): Promise<void> {
  const { run, workers } = scene
  if (run.signal.aborted) return
  const worker = workers[0] as FreshetProcess
  run.progress(`stopping and starting ${worker.name}`)
  const startMs = Date.now()
  await worker.stop()
  const stoppedMs = Date.now()
  worker.start()
  await comeBack(scene, worker, stoppedMs)
  const opened = openingsOf([worker], stoppedMs)
  const { ms } = restoreRate(opened)
  const lastMs = Math.max(...opened.map(({ atMs }) => atMs))
  run.figure('clean restart: stopped after', spreadOf([(stoppedMs - startMs) / 1000]), 's')
  run.figure('clean restart: all but the restore', spreadOf([(lastMs - ms - startMs) / 1000]), 's', atMost(5))
  run.figure('clean restart: restore of what comes back', spreadOf([ms / 1000]), 's')
}

async function rollingRestart(scene: Scene): Promise<void> {
  const { run, workers } = scene
  if (run.signal.aborted) return
  const startMs = Date.now()
  const tasks = [...ownersOf(workers).keys()]
  for (const worker of workers) {
    run.progress(`rolling restart: ${worker.name}`)
    await worker.stop()
    await until('its tasks elsewhere', () => ![...ownersOf(workers).values()].includes(worker), WITHIN_MS, 200)
    await steady(scene)
    const joinsMs = Date.now()
    worker.start()
    await comeBack(scene, worker, joinsMs)
  }
  const opened = openingsOf(workers, startMs)
  const counts = tasks.map(task => opened.filter(one => one.task === task).length)
  // State is in memory: who stops hands its tasks on, and who starts gets its share back.
  run.figure('rolling restart: restores of a task, mean', spreadOf([opened.length / tasks.length]), '', atMost(2))
  run.figure('rolling restart: restores of a task, most', spreadOf([Math.max(...counts)]), '', atMost(2))
  for (const stage of ['user', 'item'])
    run.figure(`rolling restart: longest stall of ${stage} tasks`, stallOf(scene, stage, tasks, startMs), 's')
}
