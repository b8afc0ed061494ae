/** A closed loop of requests for random users: wrk where it is installed, else Node itself, which is slower than what it measures. */
import { spawn, spawnSync } from 'node:child_process'
import { Agent, get } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { percentile } from './percentiles.ts'

export interface Load {
  readonly port: number
  readonly users: number
  readonly connections: number
  readonly seconds: number
  readonly signal: AbortSignal
}

export interface Answered {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
}

export const hasProgram = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

/** @param folder - for the script of wrk. @param pin - words before the command, `['taskset', '-c', '1']` */
export async function wrk(load: Load, folder: string, pin: readonly string[]): Promise<Answered> {
  const script = join(folder, 'users.lua')
  writeFileSync(
    script,
    `request = function() return wrk.format("GET", "/v1/users/user-" .. math.random(0, ${load.users - 1}) .. "/recommendations") end\n`,
  )
  const options = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--latency', '-s', script]
  const [file = '', ...args] = [...pin, 'wrk', ...options, `http://127.0.0.1:${load.port}`]
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], signal: load.signal })
  child.on('error', () => undefined) // an abort; the exit follows
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  await new Promise(resolve => child.once('close', resolve))
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN)
  const time = (share: string) => {
    const [, value, unit = ''] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
    return Number(value) * ({ us: 0.001, ms: 1, s: 1_000 }[unit] ?? Number.NaN)
  }
  const refused = number(/Non-2xx or 3xx responses: (\d+)/)
  const broken = [...(/Socket errors: (.*)/.exec(text)?.[1] ?? '').matchAll(/\d+/g)]
  return {
    perSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: time('50'),
    p99Ms: time('99'),
    errors: (Number.isNaN(refused) ? 0 : refused) + broken.reduce((sum, [count]) => sum + Number(count), 0),
  }
}

export async function nodeLoad({ port, users, connections, seconds, signal }: Load): Promise<Answered> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies: number[] = []
  let errors = 0
  const untilMs = performance.now() + seconds * 1_000
  const ask = (): Promise<void> =>
    new Promise(resolve => {
      const startMs = performance.now()
      const path = `/v1/users/user-${Math.floor(Math.random() * users)}/recommendations`
      get({ port, host: '127.0.0.1', path, agent }, response => {
        if (response.statusCode !== 200) errors++
        response.resume()
        response.on('end', () => {
          latencies.push(performance.now() - startMs)
          resolve()
        })
      }).on('error', () => {
        errors++
        resolve()
      })
    })
  const loop = async () => {
    while (performance.now() < untilMs && !signal.aborted) await ask()
  }
  await Promise.all(Array.from({ length: connections }, loop))
  agent.destroy()
  return {
    perSecond: latencies.length / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    errors,
  }
}
