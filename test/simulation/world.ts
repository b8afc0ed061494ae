/** One run: a broker, a registry, a Redis, and processes that a supervisor keeps alive, through all that the plan has for them. */
import type { View } from '../../connectors/view.ts'
import type { ViewDefinition } from '../../processors/define.ts'
import { interaction } from '../../schemas/interaction.ts'
import { topics } from '../../schemas/topics.ts'
import { errors, FreshetError } from '../../schemas/errors.ts'
import type { Wire } from '../../schemas/wire.ts'
import { changelogName, type Topology } from '../../topology/graph.ts'
import type { LogPort } from '../../topology/log-port.ts'
import { APPENDED_AT_HEADER } from '../../topology/record-headers.ts'
import { prepareTopics, topicSettings } from '../../topology/runner.ts'
import type { SimulatedOptions } from '../../topology/simulated-core.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import type { Label } from './faults.ts'
import { simulatedGraph, withBuildsWatched } from './graph.ts'
import type { Complain, Invariant } from './invariants.ts'
import { encodedNewer, newerSource } from './newer-schema.ts'
import type { Plan } from './plan.ts'
import { ProcessClock } from './process-clock.ts'
import { NAMESPACE, SimulatedProcess } from './process.ts'
import { checkPositions } from './published.ts'
import { Dice } from './random.ts'
import { type Connection, SimulatedRedisView } from './redis-view.ts'
import { RedisServer, type RedisServerOptions } from './redis-server.ts'
import { connectedRegistry, type LentWire, type WirePool } from './registry.ts'
import { compareRestored } from './restored.ts'
import { Trouble } from './trouble.ts'
import type { VirtualTime } from './virtual-time.ts'
import { watched } from './watched-log.ts'
import { Witness } from './witness.ts'
import type { Sent } from './workload.ts'

/** What stands in the place of a part, so that the harness can be seen to catch it. */
export interface Substitution {
  readonly log?: Partial<SimulatedOptions>
  readonly redis?: Partial<RedisServerOptions>
  /** The log as the runtime of one process is given it. */
  readonly port?: (log: LogPort) => LogPort
  readonly view?: (view: View) => View
  readonly wire?: (wire: Wire) => Wire
}

export interface WorldOptions {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly wires: WirePool
  readonly only?: ReadonlySet<string>
  readonly hasDelays: boolean
  readonly substitution: Substitution
}

export interface Breach {
  readonly invariant: Invariant
  readonly what: string
}

/** In proportion as in production: 6 s, 3 s, 30 s and 500 ms. */
const SESSION_MS = 1_000
const TRANSACTION_MS = 500
const REBALANCE_MS = 5_000
const HEARTBEAT_MS = 100
const TICK_MS = 50
const SLOW_MS = 300
/** The world's own, which no fault hits. */
export const OUTSIDE = 'main'

export class World {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly trouble: Trouble
  readonly witness: Witness
  readonly log: SimulatedLog
  readonly redis: RedisServer
  readonly graph: Topology
  readonly processes: SimulatedProcess[] = []
  /** `topic/partition:offset` → the code that a record must be set aside with. */
  readonly refused = new Map<string, string>()
  breach: Breach | undefined
  generations: ReadonlyMap<string, number> = new Map()
  readonly wire: Wire
  readonly #o: WorldOptions
  readonly #lent: LentWire[]
  readonly #schemas = new Map<number, string>()
  readonly #newerId: number
  readonly #views = new Map<string, SimulatedRedisView>()
  readonly #pauses = new Map<string, PromiseWithResolvers<void>>()
  /** Service → when it is back. */
  readonly #away = new Map<'broker' | 'registry', number>()
  /** Until when Redis answers nothing but errors, and until when each call takes {@link SLOW_MS}. */
  #redisRefusesUntilMs = 0
  #redisSlowUntilMs = 0
  #isHealing = false
  readonly #seenVersions = new Map<string, { version: string; losses: number }>()

  static async open(options: WorldOptions): Promise<World> {
    const lent = options.wires.lend()
    const world = new World(options, lent)
    const { log, plan, graph } = world
    const clock = world.#clock()
    world.generations = await prepareTopics({
      topology: graph,
      namespace: NAMESPACE,
      partitions: plan.partitions,
      log,
      clock,
    })
    const tick = () => {
      world.log.tick()
      world.time.after(TICK_MS, tick)
    }
    tick()
    return world
  }

  private constructor(options: WorldOptions, lent: LentWire) {
    const { plan, time, only, hasDelays, substitution } = options
    this.#o = options
    this.plan = plan
    this.time = time
    this.#lent = [lent]
    this.wire = lent.wire
    lent.registry.now = { register: async () => 0, fetch: async id => this.#schemas.get(id) }
    this.graph = simulatedGraph()
    this.witness = new Witness(this.graph.stages, this.complain)
    const gate = (client: string, label: Label) => this.#gate(client, label)
    const spared = new Set([OUTSIDE])
    const { seed, isStorm } = plan
    this.trouble = new Trouble({ seed, time, ...(only && { only }), hasDelays, isStorm, gate, spared })
    this.log = new SimulatedLog({
      now: () => Math.floor(time.nowMs),
      scheduler: this.trouble,
      maxBatchRecords: plan.maxBatchRecords,
      transactionTimeoutMs: TRANSACTION_MS,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
      heartbeatMs: HEARTBEAT_MS,
      onCommitted: record => this.witness.see(record),
      ...substitution.log,
    })
    this.redis = new RedisServer({
      now: () => time.nowMs,
      onValue: (key, version) => this.#onValue(key, version),
      ...substitution.redis,
    })
    this.#newerId = options.wires.newId()
    this.#schemas.set(this.#newerId, newerSource)
  }

  readonly complain: Complain = (invariant, what) => {
    this.breach ??= { invariant, what }
  }

  /** Every task has committed: state of another version would be noticed. */
  get hasState(): boolean {
    const partitions = Array.from({ length: this.plan.partitions }, (_, n) => n)
    return this.graph.stages.every(stage => partitions.every(n => this.witness.progressOf(stage, n) !== undefined))
  }

  get isHealing(): boolean {
    return this.#isHealing
  }

  up(): SimulatedProcess[] {
    return this.processes.filter(one => one.isUp)
  }

  /** @param over - what another build or another configuration would have */
  start(over: { readonly topology?: Topology; readonly partitions?: number; readonly expects?: string } = {}): void {
    const { plan, substitution } = this.#o
    const name = `p${this.processes.length}`
    const client = this.log.client(name, () => process.die())
    const clock = this.#clock(name)
    const connection: Connection = {
      step: async label => {
        client.check()
        const isRedis = label.startsWith('redis:')
        if (isRedis && this.#redisSlowUntilMs > this.time.nowMs) await this.time.wait(SLOW_MS)
        const verdict = await this.trouble.decide(name, label)
        client.check()
        if (verdict === 'crash') client.crash()
        client.check()
        return isRedis && this.#redisRefusesUntilMs > this.time.nowMs ? 'lose-request' : verdict
      },
      answer(verdict) {
        if (verdict === 'crash-after') client.crash()
        client.check()
      },
    }
    const view = new SimulatedRedisView(this.redis, connection, clock, NAMESPACE)
    this.#views.set(name, view)
    const registry = connectedRegistry(this.#schemas, connection)
    const changelogOf = new Map(
      this.graph.stages.flatMap(stage => stage.inputs.map(topic => [topic.name, changelogName(stage)] as const)),
    )
    const views = new Set(this.graph.views.map(one => `${NAMESPACE}.${one.name}`))
    const loaded = new Map<string, number>()
    const standing = this.witness.ends(this.graph.views.flatMap(one => one.broadcasts))
    const onBuild = ({ name: built, broadcasts }: ViewDefinition) => {
      for (const [at, end] of standing)
        if (broadcasts.some(topic => at.startsWith(`${topic.name}/`)) && (loaded.get(at) ?? 0) < end)
          this.complain('V', `${name} builds ${built} while it has read ${at} to ${loaded.get(at) ?? 0} of ${end}`)
    }
    const log = watched({
      client,
      witness: this.witness,
      complain: this.complain,
      decide: (who, label) => this.trouble.decide(who, label),
      onRestored: (changelog, partition, barrier) => compareRestored(this, process, changelog, partition, barrier),
      onPositions: (offsets, group) => {
        if (views.has(group)) checkPositions(this, offsets)
      },
      changelogOf,
      loaded,
    })
    const process: SimulatedProcess = new SimulatedProcess({
      name,
      client,
      clock,
      log: substitution.port?.(log) ?? log,
      view: substitution.view?.(view) ?? view,
      topology: withBuildsWatched(over.topology ?? simulatedGraph(), onBuild),
      partitions: over.partitions ?? plan.partitions,
      timing: {
        user: { gapMs: 5, maxMs: 100, maxBytes: 4 << 20 },
        item: { gapMs: plan.itemGapMs, maxMs: Math.max(100, plan.itemGapMs), maxBytes: 4 << 20 },
        sessionTimeoutMs: SESSION_MS,
        fetchGapMs: { user: 0, item: 0, view: 0 },
      },
      openWire: async () => {
        await registry.register('', '')
        const lent = this.#o.wires.lend()
        this.#lent.push(lent)
        lent.registry.now = registry
        return substitution.wire?.(lent.wire) ?? lent.wire
      },
      onEnd: (one, error) => this.#onEnd(one, error, over.expects),
    })
    this.processes.push(process)
  }

  /** kill −9, and another one comes up. */
  kill(process: SimulatedProcess): void {
    process.parts.client.crash()
  }

  /**
   * Drops what newer records of a key have replaced, in every table that is ours. Of the catalogue, the state knows the last
   * facts of what was deleted, and a reader who came later would not.
   * @param tombstones - 'drop' only where every reader is past them: Kafka keeps them for a day
   */
  compact(tombstones: 'keep' | 'drop'): void {
    for (const { name, cleanup } of topicSettings(this.graph, NAMESPACE, this.plan.partitions))
      if (cleanup === 'compact' && name !== topics.items.name) this.log.compact(name, tombstones)
  }

  /** SIGSTOP, and SIGCONT after a while. */
  sleep(process: SimulatedProcess, forMs: number): void {
    const { name, client, clock } = process.parts
    if (this.#pauses.has(name)) return
    const pause = Promise.withResolvers<void>()
    this.#pauses.set(name, pause)
    clock.stop()
    client.pause()
    this.time.after(forMs, () => this.#wake(process))
  }

  #wake(process: SimulatedProcess): void {
    const { name, client, clock } = process.parts
    const pause = this.#pauses.get(name)
    if (!pause) return
    this.#pauses.delete(name)
    client.resume()
    clock.wake()
    pause.resolve()
  }

  away(service: 'broker' | 'registry', forMs: number): void {
    if (!this.#isHealing) this.#away.set(service, this.time.nowMs + forMs)
  }

  /** Answers with errors over connections that stand: out of memory, loading, its disk full. */
  redisRefuses(forMs: number): void {
    if (!this.#isHealing) this.#redisRefusesUntilMs = this.time.nowMs + forMs
  }

  /** Every connection is lost, none can be made for a while. */
  redisAway(forMs: number): void {
    this.redisRefuses(forMs)
    for (const view of this.#views.values()) view.disconnect()
    this.time.after(forMs, () => this.reconnect())
  }

  slowRedis(forMs: number): void {
    if (!this.#isHealing) this.#redisSlowUntilMs = this.time.nowMs + forMs
  }

  /** Every connection to Redis was lost and is there again. */
  reconnect(): void {
    for (const process of this.up()) this.#views.get(process.name)?.reconnect()
  }

  /** Nothing more goes wrong; who sleeps wakes, who is away is back; nobody is put in the place of who dies. */
  heal(): void {
    this.#isHealing = true
    this.trouble.end()
    this.#away.clear()
    this.#redisSlowUntilMs = 0
    this.#redisRefusesUntilMs = 0
    for (const process of this.processes) this.#wake(process)
  }

  async publish(sent: Sent): Promise<void> {
    const { topic, key, partition, appendedAtMs, refusedAs } = sent
    const record = {
      topic: topic.name,
      partition,
      key: key === null ? null : Buffer.from(key),
      value: this.#bytes(sent),
      ...(appendedAtMs !== undefined && { headers: { [APPENDED_AT_HEADER]: Buffer.from(String(appendedAtMs)) } }),
    }
    const offset = (await this.log.produce([record])).get(`${topic.name}/${partition}`)
    if (refusedAs) this.refused.set(`${topic.name}/${partition}:${offset}`, refusedAs)
  }

  #bytes({ topic, value, form, raw }: Sent): Buffer | null {
    if (Buffer.isBuffer(raw)) return raw
    if (value === null) return null
    if (form === 'json' && raw === undefined) return Buffer.from(JSON.stringify(value))
    const isNewer = form === 'newer' && topic.schema === interaction
    const bytes = isNewer ? encodedNewer(this.#newerId, value) : this.wire.encode(topic, value)
    if (raw === 'cut') return bytes.subarray(0, bytes.length - 3)
    if (raw === 'unknown-schema') bytes.writeUInt32BE(this.#o.wires.newId(), 1)
    return bytes
  }

  /** Gives back what is lent, and leaves nothing running. */
  close(): void {
    this.#isHealing = true
    for (const process of this.processes) process.parts.client.crash()
    this.#o.wires.takeBack(this.#lent)
  }

  #clock(name = ''): ProcessClock {
    const dice = new Dice(this.plan.seed, `creep ${name}`)
    const { creep } = this.plan
    return new ProcessClock(this.time, creep === 0 ? () => 0 : () => (dice.is(creep) ? dice.next() * 8 : 0))
  }

  #gate(client: string, label: Label): Promise<void> | undefined {
    const pause = this.#pauses.get(client)
    if (pause) return pause.promise
    if (label.startsWith('redis:')) return undefined
    const service = label.startsWith('registry:') ? 'registry' : 'broker'
    const backMs = client === OUTSIDE ? 0 : (this.#away.get(service) ?? 0)
    return backMs > this.time.nowMs ? this.time.wait(backMs - this.time.nowMs) : undefined
  }

  #onValue(key: string, version: string): void {
    const { losses } = this.redis
    const seen = this.#seenVersions.get(key)
    this.#seenVersions.set(key, { version, losses })
    if (!seen || seen.losses !== losses) return
    const [generation = 0, offset = 0] = seen.version.split('.').map(Number)
    const [nextGeneration = 0, nextOffset = 0] = version.split('.').map(Number)
    if (nextGeneration < generation || (nextGeneration === generation && nextOffset < offset))
      this.complain('I4', `${key} went back from version ${seen.version} to ${version}`)
  }

  /** @param error - undefined for one that was killed */
  #onEnd(process: SimulatedProcess, error: Error | undefined, expects: string | undefined): void {
    const code = error instanceof FreshetError ? error.code : error?.name
    const isPassing = error instanceof FreshetError && errors[error.code].fate === 'retry'
    const isHiccup = code === 'IndefiniteError' || code === 'FencedError'
    if (error && code !== expects && !isPassing && !isHiccup)
      this.complain('STOP', `${process.name} stopped${expects ? `, not with ${expects} but` : ''} with ${error.stack}`)
    if (expects === undefined) this.#replace()
  }

  #replace(): void {
    this.time.after(this.plan.restartMs, () => {
      if (!this.#isHealing && this.up().length < this.plan.processes) this.start()
    })
  }
}
