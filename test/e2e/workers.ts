/** Workers of one shop on Kafka, each with connections of its own, and what they say of the tasks they open. */
import { pino } from 'pino'
import { KafkaLog } from '../../connectors/kafka/log.ts'
import type { Running } from '../../topology/runner.ts'
import { graph, type Shop } from './shop.ts'

const LOOK_MS = 50
/** Long: a machine on which everything runs at once must not look like a dead worker. */
const TIMEOUTS = { sessionTimeoutMs: 30_000, transactionTimeoutMs: 30_000 }

export interface Worker {
  /** What it ended with by itself. */
  readonly fatal: Error[]
  stop(): Promise<void>
}

export class Workers {
  readonly #shop: Shop
  readonly #brokers: readonly string[]
  #all: Worker[] = []
  /** `user/3` for every task that was opened, in order. */
  readonly opened: string[] = []
  /** Who opened a task last. */
  readonly #owners = new Map<string, Worker>()

  constructor(shop: Shop, brokers: readonly string[]) {
    this.#shop = shop
    this.#brokers = brokers
  }

  get all(): readonly Worker[] {
    return this.#all
  }

  async start(topology = graph): Promise<Worker> {
    const log = await KafkaLog.open({ brokers: this.#brokers, clientId: 'rolling', ...TIMEOUTS })
    let running: Running | undefined
    const worker: Worker = {
      fatal: [],
      async stop() {
        await running?.stop()
        await log.close()
      },
    }
    this.#all.push(worker)
    const lines = {
      write: (line: string) => {
        const { msg, stage, partition } = JSON.parse(line) as Record<string, unknown>
        if (msg !== 'task is running') return
        this.opened.push(`${stage}/${partition}`)
        this.#owners.set(`${stage}/${partition}`, worker)
      },
    }
    const logger = pino({ level: 'info' }, lines)
    const onFatal = (error: Error) => worker.fatal.push(error)
    running = await this.#shop.run(['user', 'item'], { topology, log, logger, onFatal })
    return worker
  }

  /** As SIGTERM does. */
  async stop(worker: Worker): Promise<void> {
    this.#all = this.#all.filter(one => one !== worker)
    await worker.stop()
  }

  tasksOf(worker: Worker): string[] {
    return [...this.#owners].filter(([, owner]) => owner === worker).map(([task]) => task)
  }

  /** Resolves when every task of the shop runs, with as many here as there. */
  async balanced(): Promise<void> {
    const tasks = 2 * this.#shop.partitions
    await this.until(() => this.#all.every(worker => this.tasksOf(worker).length === tasks / this.#all.length))
  }

  async until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }

  async stopAll(): Promise<void> {
    for (const worker of this.#all) await this.stop(worker)
  }
}
