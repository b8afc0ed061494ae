/** Broker, registry and Redis of a run, with proxies in front of them, and the folder for what processes say. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Guard } from '../../connectors/services/guard.ts'
import { ensurePrograms } from '../../connectors/services/programs.ts'
import type { Say } from '../../connectors/services/run-with-say.ts'
import type { Service } from '../../connectors/services/service.ts'
import { type Services, startServices } from '../../connectors/services/start.ts'
import { inFrames } from './kafka-frames.ts'
import { TcpProxy } from './tcp-proxy.ts'

const BROKER_SETTINGS = {
  'log.cleaner.backoff.ms': '1000', // compaction is done while somebody looks
  'broker.session.timeout.ms': '3000', // the one second of tests is short for a machine on which everything runs at once
}

export class World {
  readonly services: Services
  /** Every process of a shop comes through it; the load and the verifier do not. */
  readonly kafka: TcpProxy
  readonly registry: TcpProxy
  readonly folder: string
  /** Of the processes of shops. */
  readonly guard: Guard
  readonly signal: AbortSignal

  private constructor(services: Services, kafka: TcpProxy, registry: TcpProxy, signal: AbortSignal) {
    this.services = services
    this.kafka = kafka
    this.registry = registry
    this.signal = signal
    this.folder = mkdtempSync(join(tmpdir(), 'freshet-chaos-'))
    this.guard = new Guard(this.folder)
  }

  static async open(say: Say, signal: AbortSignal): Promise<World> {
    await ensurePrograms(['kcat'], say)
    const [kafka, registry] = [await TcpProxy.open(inFrames), await TcpProxy.open()]
    const services = await startServices({
      kafka: true,
      registry: true,
      redis: true,
      say,
      brokerSettings: BROKER_SETTINGS,
      brokerProxy: kafka.port,
    })
    kafka.target = services.behindProxy
    registry.target = Number(new URL(services.registryUrl).port)
    return new World(services, kafka, registry, signal)
  }

  get redisPort(): number {
    return Number(new URL(this.services.redisUrl).port)
  }

  /** Of the process behind a name. @throws where there is none */
  service(name: 'kafka' | 'registry' | 'redis'): Service {
    const service = this.services.services[name]
    if (!service) throw new Error(`${name} was not started`)
    return service
  }

  /** What processes of a shop are told. @param redisPort - of the proxy that is theirs */
  env(redisPort: number): Record<string, string> {
    const registry = new URL(this.services.registryUrl)
    registry.port = String(this.registry.port)
    return {
      FRESHET_KAFKA_BROKERS: `127.0.0.1:${this.kafka.port}`,
      FRESHET_REGISTRY_URL: registry.href,
      FRESHET_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    }
  }

  /** @param logs - 'keep' leaves the folder where it is */
  async close(logs: 'keep' | 'remove'): Promise<void> {
    await this.services.stop()
    this.kafka.close()
    this.registry.close()
    // Where nobody has told the guard that all is done, it ends what is left when we do, and removes the folder.
    if (this.signal.aborted) return
    this.guard.close()
    if (logs === 'remove') rmSync(this.folder, { recursive: true, force: true })
  }
}
