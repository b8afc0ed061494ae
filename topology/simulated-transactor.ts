/** Transactions of the simulated log: epochs by transactional id, fencing, timeouts. */
import { FencedError, IndefiniteError, type OutRecord, type Transactor } from './log-port.ts'
import type { SimulatedClient } from './simulated-client.ts'
import type { SimulatedCore } from './simulated-core.ts'

/** Records sent in one request; a crash may fall between two. */
const RECORDS_PER_REQUEST = 100

interface Holder {
  readonly id: string
  readonly epoch: number
}

interface Running {
  readonly startedMs: number
  readonly touched: Set<string>
}

export class Transactions {
  readonly #finish: (id: string, touched: ReadonlySet<string>, control: 'commit' | 'abort') => void
  readonly #epochs = new Map<string, number>()
  readonly #running = new Map<string, Running>()

  constructor(finish: (id: string, touched: ReadonlySet<string>, control: 'commit' | 'abort') => void) {
    this.#finish = finish
  }

  /** Fences older holders and aborts what they left open. */
  open(id: string): Holder {
    this.#end(id, 'abort')
    const epoch = (this.#epochs.get(id) ?? 0) + 1
    this.#epochs.set(id, epoch)
    return { id, epoch }
  }

  /** @throws FencedError */
  check({ id, epoch }: Holder): void {
    const current = this.#epochs.get(id)
    if (current !== epoch) throw new FencedError(`${id}: epoch ${epoch} was fenced by epoch ${current}`)
  }

  touch(holder: Holder, partitions: Iterable<string>, nowMs: number): void {
    this.check(holder)
    const running = this.#running.get(holder.id) ?? { startedMs: nowMs, touched: new Set() }
    for (const partition of partitions) running.touched.add(partition)
    this.#running.set(holder.id, running)
  }

  end(holder: Holder, control: 'commit' | 'abort'): void {
    this.check(holder)
    this.#end(holder.id, control)
  }

  /** Aborts and fences what has been open for too long, as the coordinator does. */
  expire(nowMs: number, timeoutMs: number): void {
    for (const [id, { startedMs }] of this.#running) if (nowMs - startedMs >= timeoutMs) this.open(id)
  }

  #end(id: string, control: 'commit' | 'abort'): void {
    const running = this.#running.get(id)
    if (!running) return
    this.#running.delete(id)
    this.#finish(id, running.touched, control)
  }
}

export class SimulatedTransactor implements Transactor {
  readonly #core: SimulatedCore
  readonly #client: SimulatedClient
  readonly #holder: Holder
  #state: 'idle' | 'committing' | 'dead' = 'idle'

  constructor(core: SimulatedCore, client: SimulatedClient, holder: Holder) {
    this.#core = core
    this.#client = client
    this.#holder = holder
  }

  commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    return this.#core.during(async () => {
      if (this.#state !== 'idle') throw new Error(`${this.#holder.id}: this transactor is ${this.#state}`)
      this.#state = 'committing'
      try {
        const last = await this.#send(records)
        this.#state = 'idle'
        return last
      } catch (error) {
        this.#state = 'dead'
        throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#state = 'dead'
  }

  async #send(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    const { transactions } = this.#core
    await this.#step('commit:begin')
    transactions.check(this.#holder)
    this.#core.check(records)
    const last = new Map<string, number>()
    for (let from = 0; from < records.length; from += RECORDS_PER_REQUEST) {
      const request = records.slice(from, from + RECORDS_PER_REQUEST)
      await this.#step('commit:append')
      const partitions = request.map(record => `${record.topic}/${record.partition}`)
      transactions.touch(this.#holder, partitions, this.#core.now())
      for (const [at, offset] of this.#core.append(request, this.#holder.id)) last.set(at, offset)
    }
    const verdict = await this.#step('commit:end')
    if (verdict === 'lose-request') throw new IndefiniteError(`${this.#holder.id}: the end of the transaction got lost`)
    transactions.end(this.#holder, 'commit')
    if (verdict === 'lose-answer') throw new IndefiniteError(`${this.#holder.id}: the answer got lost`)
    return last
  }

  async #step(label: 'commit:begin' | 'commit:append' | 'commit:end'): Promise<string> {
    const verdict = await this.#client.step(label)
    if (verdict === 'fence') this.#core.transactions.open(this.#holder.id)
    return verdict
  }
}
