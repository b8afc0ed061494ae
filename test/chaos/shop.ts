/**
 * A shop in a namespace of its own: some workers, a read API that is asked all the time, traffic that flows, and ways to the
 * log and to Redis that no fault touches.
 */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { openFoundation, type Foundation } from '../../cli/assemble.ts'
import { pino } from 'pino'
import { randomOf } from '../../bench/random.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { freePorts } from '../../connectors/services/free-ports.ts'
import { partitionOf, userVisitor } from '../../schemas/ids.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { recKeyOf } from '../../schemas/keys.ts'
import { topicName, topics } from '../../schemas/topics.ts'
import { loadConfig } from '../../topology/config.ts'
import { Asker } from './asker.ts'
import { FreshetProcess } from './freshet-process.ts'
import { Load } from './load.ts'
import { TcpProxy } from './tcp-proxy.ts'
import { catalogue, Traffic } from './traffic.ts'
import { until } from './until.ts'
import { verification } from './verify/verification.ts'
import type { Verdict } from './verify/verify.ts'
import type { World } from './world.ts'

export const PARTITIONS = 4
const HEALED_WITHIN_MS = 180_000
const LOOK_MS = 20

export interface ShopOptions {
  readonly seed: number
  readonly workers: number
  readonly perSecond: number
  /** A defect of `preload/planted.ts` in every worker. */
  readonly plant?: string | undefined
}

export class Shop {
  readonly world: World
  readonly namespace: string
  /** Direct, past every proxy. */
  readonly parts: Foundation
  readonly redis: Redis
  readonly load: Load
  readonly traffic: Traffic
  readonly workers: FreshetProcess[] = []
  readonly api: FreshetProcess
  readonly asker: Asker
  /** In front of Redis, by process. */
  readonly redisProxies: ReadonlyMap<string, TcpProxy>
  /** `topic/partition:offset`, without namespace → code that the record should be refused with. */
  readonly poison = new Map<string, string>()
  /** Options for whoever is not to meet a fault. */
  readonly #env: Readonly<Record<string, string>>
  #probes = 0
  #isClosed = false

  private constructor(
    world: World,
    parts: Foundation,
    o: ShopOptions,
    proxies: Map<string, TcpProxy>,
    apiPort: number,
  ) {
    this.world = world
    this.parts = parts
    this.namespace = parts.config.namespace
    this.#env = directEnv(world, this.namespace)
    this.redisProxies = proxies
    this.redis = new Redis(world.services.redisUrl)
    this.redis.on('error', () => undefined) // Redis is among what is broken; commands say so themselves
    this.traffic = new Traffic(o.seed, Date.now())
    this.load = new Load(parts, this.traffic, o.perSecond)
    for (let number = 1; number <= o.workers; number++)
      this.workers.push(this.#process(`worker-${number}`, ['run', 'all'], o.plant))
    this.api = this.#process('api', ['serve', '--port', String(apiPort)])
    this.asker = new Asker(`http://127.0.0.1:${apiPort}`, randomOf(o.seed + 1))
  }

  /** @returns once lists are served and traffic flows */
  static async open(world: World, options: ShopOptions): Promise<Shop> {
    const namespace = `chaos-${options.seed}-${process.hrtime.bigint().toString(36)}`
    const env = directEnv(world, namespace)
    const logger = pino({ level: 'silent' })
    const parts = await openFoundation(loadConfig(env), logger, { mode: 'wait', signal: world.signal })
    const names = ['api', ...Array.from({ length: options.workers }, (_, index) => `worker-${index + 1}`)]
    const proxies = new Map<string, TcpProxy>()
    for (const name of names) {
      const proxy = await TcpProxy.open()
      proxy.target = world.redisPort
      proxies.set(name, proxy)
    }
    const [apiPort = 0] = await freePorts(1)
    const shop = new Shop(world, parts, options, proxies, apiPort)
    try {
      await shop.#begin()
    } catch (error) {
      await shop.close()
      throw error
    }
    return shop
  }

  async #begin(): Promise<void> {
    const { log, wire } = this.parts
    const topic = topicName(topics.items, this.namespace)
    await log.produce(
      catalogue().map(({ id, value }) => ({
        topic,
        partition: partitionOf(id, PARTITIONS),
        key: Buffer.from(id),
        value: wire.encode(topics.items, value),
      })),
    )
    for (const worker of this.workers) worker.start()
    this.api.start()
    this.load.start()
    await this.probe()
    await until('the read API to know the catalogue', () => this.#hasAnswer(), HEALED_WITHIN_MS)
    this.asker.start()
  }

  /** Whether the API has something for a visitor whom nobody has seen: of a shop that is empty nobody can say anything. */
  async #hasAnswer(): Promise<boolean> {
    try {
      const response = await fetch(`${this.asker.url}/v1/users/nobody/recommendations`)
      const { items } = (await response.json()) as { items?: unknown[] }
      return (items?.length ?? 0) > 0
    } catch {
      return false // not listening yet
    }
  }

  #process(name: string, args: readonly string[], plant?: string): FreshetProcess {
    const env = {
      ...this.world.env(this.redisProxies.get(name)?.port ?? 0),
      FRESHET_NAMESPACE: this.namespace,
      FRESHET_PARTITIONS: String(PARTITIONS),
      FRESHET_KAFKA_CLIENT_ID: this.clientId(name),
      FRESHET_LOG_LEVEL: 'info',
      ...(plant !== undefined && { CHAOS_PLANT: plant }),
    }
    return new FreshetProcess({
      guard: this.world.guard,
      preload: plant === undefined ? [] : ['./preload/planted.ts'],
      name,
      arguments: args,
      env,
      logFile: join(this.world.folder, `${this.namespace}-${name}.log`),
    })
  }

  /** What a process calls itself before the brokers. */
  clientId(name: string): string {
    return `${this.namespace}-${name}`
  }

  worker(index: number): FreshetProcess {
    const worker = this.workers[index]
    if (!worker) throw new Error(`there is no worker ${index}`)
    return worker
  }

  redisProxy(of: FreshetProcess): TcpProxy {
    const proxy = this.redisProxies.get(of.name)
    if (!proxy) throw new Error(`no proxy of ${of.name}`)
    return proxy
  }

  /** Takes every fault away, and starts what was ended. */
  heal(): void {
    for (const proxy of [this.world.kafka, this.world.registry, ...this.redisProxies.values()]) proxy.heal()
    for (const one of [...this.workers, this.api]) {
      one.signal('SIGCONT')
      if (!one.isRunning) one.start()
    }
  }

  /**
   * Sends an event into every partition and waits until the lists that know them can be read in Redis.
   * @returns how long that took, ms
   */
  async probe(withinMs = HEALED_WITHIN_MS): Promise<number> {
    const startMs = performance.now()
    const number = this.#probes++
    const visitors = Array.from({ length: PARTITIONS }, (_, partition) => probeOf(partition))
    const appended = await this.load.send(visitors.map(userId => purchaseOf(userId, number)))
    const topic = topicName(topics.interactions, this.namespace)
    const wanted = new Map(
      visitors.map((userId, partition) => [
        recKeyOf(this.namespace, userVisitor(userId)),
        appended.get(`${topic}/${partition}`) ?? 0,
      ]),
    )
    await until(
      'lists that know a new event of every partition',
      async () => {
        for (const [key, offset] of wanted) {
          const asOf = /"asOf":"\d+:(\d+)"/.exec((await this.redis.get(key).catch(() => null)) ?? '')?.[1]
          if (Number(asOf ?? -1) >= offset) wanted.delete(key)
        }
        return wanted.size === 0 || this.world.signal.aborted
      },
      withinMs,
      LOOK_MS,
    )
    return performance.now() - startMs
  }

  /** Stops the traffic, waits until all is at rest, looks, and lets the traffic go on. */
  async verify(progress: (line: string) => void): Promise<Verdict> {
    await this.load.pause()
    const { services, signal } = this.world
    const env = { ...this.#env, FRESHET_REDIS_URL: services.redisUrl }
    const verdict = await verification({ env, poison: this.poison, acknowledged: this.load.eventIds }, progress, signal)
    if (!this.#isClosed) this.load.start()
    return verdict
  }

  /** What ended by itself since the last call, in sentences. */
  takeDeaths(): string[] {
    return [...this.workers, this.api].flatMap(one => one.deaths.splice(0))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const proxy of [this.world.kafka, this.world.registry]) proxy.heal()
    await this.asker.stop()
    await this.load.pause()
    await Promise.all([...this.workers, this.api].map(one => one.kill()))
    for (const proxy of this.redisProxies.values()) proxy.close()
    this.redis.disconnect()
    await this.parts.close()
  }
}

const directEnv = ({ services }: World, namespace: string): Record<string, string> => ({
  FRESHET_KAFKA_BROKERS: services.brokers,
  FRESHET_REGISTRY_URL: services.registryUrl,
  FRESHET_NAMESPACE: namespace,
  FRESHET_PARTITIONS: String(PARTITIONS),
})

/** A visitor of its own for each partition. */
function probeOf(partition: number): string {
  for (let number = 0; ; number++)
    if (partitionOf(`probe-${number}`, PARTITIONS) === partition) return `probe-${number}`
}

/** Purchases are never taken for a repetition or a bot. */
const purchaseOf = (userId: string, number: number): Interaction =>
  withDefaults(interaction, {
    eventId: `probe-${userId}-${number}`,
    userId,
    itemId: `i${number % 200}`,
    type: 'purchase',
    orderId: `probe-${number}`,
    occurredAt: Date.now(),
  })
