/** The read API beside its floor; see the text given to `bench`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { RedisView } from '../connectors/redis/view.ts'
import { startServices } from '../connectors/services/start.ts'
import { cpuSecondsOf } from './cpu.ts'
import { type Answered, hasProgram, type Load, nodeLoad, wrk } from './http-load.ts'
import { percentile, spreadOf } from './percentiles.ts'
import { fillView } from './read-shop.ts'
import { atLeast, bench } from './report.ts'

const SEED = 20_260_101
const NAMESPACE = 'bench'
const WARM_SECONDS = 3

interface Server {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}
interface Round extends Answered {
  readonly cpuUs: number
}

await bench(
  'GET /v1/users/{id}/recommendations for random users, closed loop at saturation, beside the floor F2 in turns: node:http with one ' +
    'Redis HMGET of the same key and a static body, an answer of the API. Both servers are pinned to core 0, the load to core 1 where ' +
    'there is taskset. Ranking is the stored blend with live session boosts; there is no learned re-rank yet.',
  {
    users: { default: '20000', means: 'visitors with a list, a session and 40 known items' },
    items: { default: '50000', means: 'items with facts' },
    candidates: { default: '100', means: 'entries of a stored list' },
    connections: { default: '64', means: 'of the load' },
    rounds: { default: '5', means: 'rounds of each, in turns, after one to warm up' },
    seconds: { default: '5', means: 'length of a round' },
    profile: { default: '', means: 'write a CPU profile of the read API into this directory' },
    load: { default: hasProgram('wrk') ? 'wrk' : 'node', means: 'wrk or node' },
  },
  async run => {
    const hasPin = hasProgram('taskset') && availableParallelism() > 1
    const pinned = (core: number) => (hasPin ? ['taskset', '-c', String(core)] : [])
    const folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
    const services = await startServices({ redis: true })
    const servers: Server[] = []
    try {
      const view = new RedisView({
        url: services.redisUrl,
        namespace: NAMESPACE,
        logger: pino({ level: 'warn' }, pino.destination(2)),
      })
      await view.check()
      const [users, items, candidates] = [run.number('users'), run.number('items'), run.number('candidates')]
      await fillView(view, { users, items, candidates, seed: SEED }, done => run.progress(`filling Redis: ${done}`))
      await view.close()

      const { profile } = run.flags
      const apiNode = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
      const api = await start([...pinned(0), process.execPath, ...apiNode], 'read-server.ts', [
        services.redisUrl,
        NAMESPACE,
      ])
      servers.push(api)
      const answer = await (await fetch(`http://127.0.0.1:${api.port}/v1/users/user-1/recommendations`)).text()
      if (!answer.includes('"itemId"')) throw new Error(`wanted a list, got ${answer.slice(0, 500)}`)
      const f2 = await start([...pinned(0), process.execPath], 'floor-server.ts', [
        services.redisUrl,
        NAMESPACE,
        answer,
      ])
      servers.push(f2)
      run.print(
        `an answer has ${Buffer.byteLength(answer)} bytes; load by ${run.flags.load}, ${hasPin ? 'pinned' : 'not pinned'}`,
      )

      const rounds = { api: [] as Round[], f2: [] as Round[] }
      const measure = async (server: Server, seconds: number): Promise<Round> => {
        const { port } = server
        const load: Load = { port, users, connections: run.number('connections'), seconds, signal: run.signal }
        const before = cpuSecondsOf(server.pid)
        const answered = run.flags.load === 'wrk' ? await wrk(load, folder, pinned(1)) : await nodeLoad(load)
        const cpuUs = ((cpuSecondsOf(server.pid) - before) / (answered.perSecond * seconds)) * 1e6
        return { ...answered, cpuUs }
      }
      for (let number = 0; number <= run.number('rounds'); number++)
        for (const [name, server] of [
          ['api', api],
          ['f2', f2],
        ] as const) {
          if (run.signal.aborted) return
          run.progress(`round ${number} of ${run.number('rounds')}: ${name}`)
          const round = await measure(server, number === 0 ? WARM_SECONDS : run.number('seconds'))
          if (number > 0) rounds[name].push(round)
        }

      for (const [name, title] of [
        ['f2', 'floor F2'],
        ['api', 'read API'],
      ] as const) {
        const over = (figure: (round: Round) => number) => spreadOf(rounds[name].map(figure))
        run.print()
        run.figure(
          `${title}: answers`,
          over(round => round.perSecond),
          '/s',
        )
        run.figure(
          `${title}: p50`,
          over(round => round.p50Ms),
          'ms',
        )
        run.figure(
          `${title}: p99 at saturation`,
          over(round => round.p99Ms),
          'ms',
        )
        run.figure(
          `${title}: CPU of the server`,
          over(round => round.cpuUs),
          'µs an answer',
        )
        const errors = rounds[name].reduce((sum, round) => sum + round.errors, 0)
        if (errors > 0) run.print(`${title}: ${errors} answers were errors`)
      }
      run.print()
      const floor = percentile(
        rounds.f2.map(round => round.cpuUs),
        0.5,
      )
      const shares = rounds.api.map((round, index) => round.perSecond / (rounds.f2[index]?.perSecond ?? Number.NaN))
      run.figure('read API as a share of F2, by answers', spreadOf(shares), '', atLeast(0.2))
      run.figure('read API as a share of F2, by CPU', spreadOf(rounds.api.map(round => floor / round.cpuUs)), '')
    } finally {
      await Promise.all(servers.map(server => server.stop()))
      await services.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

/** @param command - the program with its first words. @param file - beside this one; it sends the port it listens on */
async function start(
  [program = '', ...words]: readonly string[],
  file: string,
  args: readonly string[],
): Promise<Server> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child: ChildProcess = spawn(program, [...words, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', message => resolve(Number(message)))
    child.once('exit', code => reject(new Error(`${file} ended with ${code}`)))
  })
  const stop = () => {
    if (child.connected) child.disconnect() // it ends itself then
    return ended
  }
  return { pid: child.pid as number, port, stop }
}
