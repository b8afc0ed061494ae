/** Real services on free ports of the loopback, for tests and benches: gone with the process that started them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { Guard } from './guard.ts'
import { type Jit, kafka } from './kafka.ts'
import { redis } from './redis.ts'
import { registry, registryUrl } from './registry.ts'
import type { Say } from './run-with-say.ts'
import { type Command, type Service, startService } from './service.ts'

export type ServiceName = 'kafka' | 'registry' | 'redis'
export interface ServiceOptions extends Partial<Record<ServiceName, boolean>> {
  /** Default C1, the sooner start; benches want C2. */
  readonly jit?: Jit
  /** Default: lines on stderr. */
  readonly say?: Say
  /** Of the broker, besides its usual ones. */
  readonly brokerSettings?: Readonly<Record<string, string>>
  /** Port of a proxy that stands in front of the broker: clients that come through it stay with it. */
  readonly brokerProxy?: number
}

export interface Services {
  /** `host:port`; "" for a service that was not asked for, likewise below. */
  readonly brokers: string
  /** Port of the broker where `brokerProxy` should connect to; 0 without it. */
  readonly behindProxy: number
  readonly registryUrl: string
  readonly redisUrl: string
  /** Those that were asked for. */
  readonly services: Readonly<Partial<Record<ServiceName, Service>>>
  /** Ends all and removes their data. */
  stop(): Promise<void>
}

export const sayOnStderr: Say = line => void process.stderr.write(`${line}\n`)

/** @returns when all of them answer. @throws where one does not, having stopped the others */
export async function startServices(options: ServiceOptions): Promise<Services> {
  const { jit = 'C1', say = sayOnStderr, brokerSettings, brokerProxy: proxy } = options
  const folder = mkdtempSync(join(tmpdir(), 'freshet-services-'))
  const guard = new Guard(folder)
  const [broker = 0, controller = 0, registryPort = 0, redisPort = 0, behind = 0] = await freePorts(5)
  const brokerPorts = { broker, controller, ...(proxy !== undefined && { behindProxy: { port: behind, proxy } }) }
  const prepare: Record<ServiceName, () => Promise<Command>> = {
    kafka: () => kafka(join(folder, 'kafka'), brokerPorts, jit, say, brokerSettings),
    registry: () => registry(join(folder, 'registry'), registryPort, jit, say),
    redis: () => redis(join(folder, 'redis'), redisPort, say),
  }
  const names = (Object.keys(prepare) as ServiceName[]).filter(name => options[name])
  const services: Partial<Record<ServiceName, Service>> = {}
  const stop = async () => {
    await Promise.all(Object.values(services).map(service => service.kill('SIGKILL'))) // nothing of theirs is kept
    rmSync(folder, { recursive: true, force: true })
    guard.close()
  }
  try {
    const commands: [ServiceName, Command][] = []
    // One after the other: two runs of Maven at once spoil its repository, two of apt-get refuse.
    for (const name of names) commands.push([name, await prepare[name]()])
    const starts = commands.map(async ([name, command]) => {
      services[name] = await startService(command, guard)
    })
    const failed = (await Promise.allSettled(starts)).find(start => start.status === 'rejected')
    if (failed) throw failed.reason
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers: options.kafka ? `127.0.0.1:${broker}` : '',
    behindProxy: proxy === undefined ? 0 : behind,
    registryUrl: options.registry ? registryUrl(registryPort) : '',
    redisUrl: options.redis ? `redis://127.0.0.1:${redisPort}` : '',
    services,
    stop,
  }
}
