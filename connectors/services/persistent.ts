/**
 * Services that outlive the command that started them, for trying things out: `freshet services up | down | status`. They
 * take their usual ports where these are free. Their data last until `down`: the registry forgets with its process, and
 * records whose schemas nobody knows are no use.
 *
 *     $XDG_CACHE_HOME/freshet/services.json      what runs: names, numbers, addresses, the folder of their data
 *     $XDG_CACHE_HOME/freshet/services-XXXXXX/   data and logs
 */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cacheFolder } from './cache.ts'
import { freePortNear } from './free-ports.ts'
import { Guard } from './guard.ts'
import { isAlive } from './is-alive.ts'
import { kafka } from './kafka.ts'
import { withLock } from './lock.ts'
import { redis } from './redis.ts'
import { registry, registryUrl } from './registry.ts'
import type { Say } from './run-with-say.ts'
import { startService } from './service.ts'
import type { ServiceName } from './start.ts'

export interface ServiceStatus {
  readonly name: ServiceName
  readonly isRunning: boolean
  readonly pid: number
  /** As the configuration wants it: `host:port` of Kafka, URLs of the others. */
  readonly address: string
  readonly logFile: string
}

interface State {
  readonly folder: string
  readonly services: readonly (Omit<ServiceStatus, 'isRunning'> & { readonly sign: string })[]
}

const PORTS = { kafka: 9092, registry: 8081, redis: 6379 } as const
const stateFile = () => join(cacheFolder(), 'services.json')
const lockFile = () => join(cacheFolder(), 'services.lock')

/** Starts all three, or leaves them alone where all of them run. Those of a set that is no longer whole are ended first. */
export function servicesUp(say: Say): Promise<readonly ServiceStatus[]> {
  return withLock(lockFile(), async () => {
    const standing = servicesStatus()
    if (standing.length > 0 && standing.every(service => service.isRunning)) return standing
    await endAll()
    const folder = mkdtempSync(join(cacheFolder(), 'services-'))
    const guard = new Guard(folder) // until all of them answer; then they stand on their own
    const ports = { kafka: await freePortNear(PORTS.kafka), controller: await freePortNear(0) }
    const registryPort = await freePortNear(PORTS.registry)
    const redisPort = await freePortNear(PORTS.redis)
    const commands = {
      kafka: await kafka(join(folder, 'kafka'), { broker: ports.kafka, controller: ports.controller }, 'C2', say),
      registry: await registry(join(folder, 'registry'), registryPort, 'C1', say),
      redis: await redis(join(folder, 'redis'), redisPort, say),
    }
    const addresses = {
      kafka: `127.0.0.1:${ports.kafka}`,
      registry: registryUrl(registryPort),
      redis: `redis://127.0.0.1:${redisPort}`,
    }
    const names = Object.keys(commands) as ServiceName[]
    const services = await Promise.all(
      names.map(async name => {
        const { logFile, sign } = commands[name]
        const { pid = 0 } = await startService(commands[name], guard)
        return { name, pid, address: addresses[name], logFile, sign }
      }),
    )
    writeState({ folder, services })
    guard.close()
    return servicesStatus()
  })
}

/** Ends what runs and removes its data. @returns what stood before */
export function servicesDown(): Promise<readonly ServiceStatus[]> {
  return withLock(lockFile(), endAll)
}

/** @returns [] where none were started */
export function servicesStatus(): readonly ServiceStatus[] {
  const services = readState()?.services ?? []
  return services.map(({ sign, ...service }) => ({ ...service, isRunning: isAlive(service.pid, sign) }))
}

async function endAll(): Promise<readonly ServiceStatus[]> {
  const before = servicesStatus()
  const state = readState()
  if (!state) return before
  for (const service of before) if (service.isRunning) process.kill(service.pid, 'SIGKILL')
  while (servicesStatus().some(service => service.isRunning)) await wait(20)
  rmSync(state.folder, { recursive: true, force: true })
  rmSync(stateFile(), { force: true })
  return before
}

function readState(): State | undefined {
  return existsSync(stateFile()) ? (JSON.parse(readFileSync(stateFile(), 'utf8')) as State) : undefined
}

function writeState(state: State): void {
  const unfinished = `${stateFile()}.part`
  writeFileSync(unfinished, JSON.stringify(state, undefined, 2))
  renameSync(unfinished, stateFile())
}
