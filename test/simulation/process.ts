/** One process of the simulation: all stages and the sink, put together as the command line does it. */
import { pino } from 'pino'
import { Sink } from '../../connectors/sink.ts'
import { sourceName } from '../../retrieval/sources.ts'
import { errors, FreshetError } from '../../schemas/errors.ts'
import type { Wire } from '../../schemas/wire.ts'
import type { Topology } from '../../topology/graph.ts'
import type { LogPort } from '../../topology/log-port.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { prepareTopics, type Running, type RunTiming, run } from '../../topology/runner.ts'
import { CrashedError, type SimulatedClient } from '../../topology/simulated-client.ts'
import type { View } from '../../connectors/view.ts'
import type { ProcessClock } from './process-clock.ts'

export const NAMESPACE = 'freshet'
const AGAIN_MS = 200
/** What is being started when it is time to stop has so long. */
const GRACE_MS = 2_000
const silent = pino({ level: process.env.FRESHET_TEST_LOG ?? 'silent' })

export interface ProcessParts {
  readonly name: string
  readonly client: SimulatedClient
  readonly log: LogPort
  readonly clock: ProcessClock
  readonly view: View
  readonly topology: Topology
  readonly partitions: number
  readonly timing: RunTiming
  /** Asks the registry; may be asked again. */
  openWire(): Promise<Wire>
  /** The process has ended but not by {@link SimulatedProcess.stop}. @param error - undefined for one that was killed */
  onEnd(process: SimulatedProcess, error: Error | undefined): void
}

export class SimulatedProcess {
  readonly parts: ProcessParts
  running: Running | undefined
  sink: Sink | undefined
  #state: 'up' | 'stopping' | 'down' = 'up'
  #error: Error | undefined

  readonly #starting: Promise<void>

  constructor(parts: ProcessParts) {
    this.parts = parts
    this.#starting = this.#start().catch(error => this.#end(error))
  }

  get name(): string {
    return this.parts.name
  }

  /** Neither stopped nor dead, and not on its way there. */
  get isUp(): boolean {
    return this.#state === 'up'
  }

  get isDown(): boolean {
    return this.#state === 'down'
  }

  /** Its client has crashed: it comes to nothing more. */
  die(): void {
    if (this.#state === 'down') return
    this.#state = 'down'
    this.parts.clock.kill()
    this.parts.onEnd(this, this.#error)
  }

  /** SIGTERM */
  async stop(): Promise<void> {
    if (this.#state !== 'up') return
    this.#state = 'stopping'
    try {
      await Promise.race([this.#starting, this.parts.clock.wait(GRACE_MS)])
      await this.sink?.stop()
      await this.running?.stop()
      await this.parts.client.close()
    } catch (error) {
      return this.#end(error)
    }
    this.#state = 'down'
  }

  async #start(): Promise<void> {
    const { log, clock, view, topology, partitions, timing } = this.parts
    const wire = await this.#persist(() => this.parts.openWire())
    const prepare = () => prepareTopics({ topology, namespace: NAMESPACE, partitions, log, clock })
    const generations = await this.#persist(prepare)
    if (!this.isUp) return
    const onFatal = (error: Error) => this.#end(error)
    this.running = await run({
      topology,
      namespace: NAMESPACE,
      partitions,
      log,
      wire,
      timing,
      clock,
      metrics: new RuntimeMetrics(),
      logger: silent,
      onFatal,
    })
    this.running.ready.catch(onFatal)
    this.sink = await Sink.start({
      log,
      wire,
      view,
      namespace: NAMESPACE,
      group: 'freshet.sink',
      generationOf: topic => generations.get(topic) ?? 0,
      sourceName,
      clock,
      logger: silent,
      onCrash: onFatal,
    })
  }

  /** As the command line does: what another try may mend is tried again. */
  async #persist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const isPassing = error instanceof FreshetError && errors[error.code].fate === 'retry'
        if (!isPassing) throw error
        await this.parts.clock.wait(AGAIN_MS)
      }
    }
  }

  /** Exits with an error; nothing is stopped cleanly. */
  #end(error: unknown): void {
    if (this.#state === 'down' || error instanceof CrashedError) return
    if (this.#state === 'up') this.#error = error instanceof Error ? error : new Error(String(error))
    this.parts.client.crash()
    this.die()
  }
}
