/**
 * The real runtime over an in-memory log with a hand-turned clock: what a test publishes goes through the very task code
 * that runs on Kafka. Several processes may share the log, and any of them can be crashed.
 */
import { pino } from 'pino'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { Wire } from '../../schemas/wire.ts'
import { HandClock } from '../../topology/clock.ts'
import { type AnyTopic, type Topology, topicsOf } from '../../topology/graph.ts'
import type { LogPort, LogRecord } from '../../topology/log-port.ts'
import { RuntimeMetrics } from '../../topology/metrics.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { prepareTopics, type Running, type RunTiming, run } from '../../topology/runner.ts'
import { runAtOnce, type Scheduler } from '../../topology/scheduler.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'

const TIMING: RunTiming = {
  user: { gapMs: 0, maxMs: 100, maxBytes: 4 << 20 },
  item: { gapMs: 0, maxMs: 1_000, maxBytes: 4 << 20 },
  sessionTimeoutMs: 100,
  fetchGapMs: { user: 0, item: 0, view: 0 },
}
export const START_MS = Date.UTC(2026, 0, 1)

export interface DriverOptions {
  readonly partitions?: number
  readonly maxBatchRecords?: number
  readonly scheduler?: Scheduler
}

export interface Process {
  readonly running: Running
  readonly metrics: RuntimeMetrics
  readonly fatal: Error[]
  stop(): Promise<void>
}

export class Driver {
  readonly clock = new HandClock(START_MS)
  readonly log: SimulatedLog
  readonly wire: Wire
  readonly partitions: number
  readonly #topology: Topology
  readonly #processes: Process[] = []

  static async open(topology: Topology, options: DriverOptions = {}): Promise<Driver> {
    const { partitions = 1 } = options
    const wire = await Wire.open(new MemoryRegistry(), 'freshet', topicsOf(topology))
    const driver = new Driver(topology, wire, partitions, options)
    await prepareTopics({ topology, namespace: 'freshet', partitions, log: driver.log, clock: driver.clock })
    return driver
  }

  private constructor(topology: Topology, wire: Wire, partitions: number, options: DriverOptions) {
    this.#topology = topology
    this.wire = wire
    this.partitions = partitions
    const { maxBatchRecords = 500, scheduler = runAtOnce } = options
    this.log = new SimulatedLog({ now: () => this.clock.now(), maxBatchRecords, scheduler })
  }

  /** Starts a process on the shared log. @param log - another client than the first one's, to crash it alone */
  async start(
    log: LogPort = this.log,
    options: { topology?: Topology; timing?: Partial<RunTiming> } = {},
  ): Promise<Process> {
    const metrics = new RuntimeMetrics()
    const fatal: Error[] = []
    const running = await run({
      topology: options.topology ?? this.#topology,
      namespace: 'freshet',
      partitions: this.partitions,
      log,
      wire: this.wire,
      timing: { ...TIMING, ...options.timing },
      clock: this.clock,
      metrics,
      logger: pino({ level: process.env.FRESHET_TEST_LOG ?? 'silent' }),
      onFatal: error => fatal.push(error),
    })
    const one: Process = {
      running,
      metrics,
      fatal,
      stop: async () => {
        this.#processes.splice(this.#processes.indexOf(one), 1)
        await this.#whileTurning(running.stop())
      },
    }
    this.#processes.push(one)
    return one
  }

  /** Publishes decoded values, keyed and partitioned as the topic says. */
  async publish<T>(topic: AnyTopic, records: readonly { key: string; value: T | null }[]): Promise<void> {
    await this.log.produce(
      records.map(({ key, value }) => ({
        topic: topic.name,
        partition: partitionOf(key, this.partitions),
        key: Buffer.from(key),
        value: value === null ? null : this.wire.encode(topic, value),
      })),
    )
  }

  /** Moves the clock on, whether or not there is work left. */
  async turn(ms: number): Promise<void> {
    this.clock.advance(ms)
    this.log.tick()
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
  }

  /** Turns the clock until nothing is left to do. @param ms - at least so far */
  async settle(ms = 200): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      this.clock.advance(20)
      this.log.tick()
      await this.#whileTurning(this.log.idle(), 1)
    }
  }

  /** @returns all committed records of a topic, decoded, in order within a partition */
  async read<T>(topic: AnyTopic): Promise<(Omit<LogRecord, 'key' | 'value'> & { key: string; value: T | null })[]> {
    const records: LogRecord[] = []
    await readToEnd(this.log, [topic.name], record => records.push(record))
    await this.wire.prepare(records.map(record => record.value))
    return records.map(record => ({
      ...record,
      key: record.key?.toString() ?? '',
      value: record.value === null ? null : this.wire.decode<T>(topic, record.value),
    }))
  }

  /** @returns the last value a key of a table; deleted keys are left out */
  async table<T>(topic: AnyTopic): Promise<Map<string, T>> {
    const rows = new Map<string, T>()
    for (const { key, value } of await this.read<T>(topic)) {
      if (value === null) rows.delete(key)
      else rows.set(key, value)
    }
    return rows
  }

  async close(): Promise<void> {
    while (this.#processes.length > 0) await this.#processes[0]?.stop()
    await this.log.close()
  }

  async #whileTurning(work: Promise<unknown>, stepMs = 5): Promise<void> {
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    while (!isDone) {
      await new Promise(resolve => setImmediate(resolve))
      if (!isDone) this.clock.advance(stepMs)
    }
    await done
  }
}
