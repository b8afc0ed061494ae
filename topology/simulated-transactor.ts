/** Transactions of the simulated log: epochs by transactional id, fencing, timeouts. */
import { FencedError, IndefiniteError, type OutRecord, type Transactor } from './log-port.ts'
import { BROKER, type Verdict } from './scheduler.ts'
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

/** Writes the control records. @returns undefined where all are written, else when they will be */
type Finish = (id: string, touched: ReadonlySet<string>, control: 'commit' | 'abort') => Promise<void> | undefined

export class Transactions {
  readonly #finish: Finish
  readonly #epochs = new Map<string, number>()
  readonly #running = new Map<string, Running>()
  /** Decided, while control records are still being written. */
  readonly #completing = new Map<string, Promise<void>>()

  constructor(finish: Finish) {
    this.#finish = finish
  }

  /** Open, or decided and not yet written everywhere. */
  get unfinished(): number {
    return this.#running.size + this.#completing.size
  }

  /** Fences older holders and aborts what they left open; resolves when that is in the log. */
  async open(id: string): Promise<Holder> {
    const epoch = (this.#epochs.get(id) ?? 0) + 1
    this.#epochs.set(id, epoch)
    this.#end(id, 'abort')
    await this.completed(id)
    return { id, epoch }
  }

  /** Resolves when the transaction before has all its control records: none may begin earlier. */
  async completed(id: string): Promise<void> {
    for (let one = this.#completing.get(id); one; one = this.#completing.get(id)) await one
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
    for (const [id, { startedMs }] of this.#running) if (nowMs - startedMs >= timeoutMs) void this.open(id)
  }

  #end(id: string, control: 'commit' | 'abort'): void {
    const running = this.#running.get(id)
    if (!running) return
    this.#running.delete(id)
    const completing = this.#finish(id, running.touched, control)
    if (completing)
      this.#completing.set(
        id,
        completing.then(() => void this.#completing.delete(id)),
      )
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
      const verdict = await this.#step('commit:append')
      await transactions.completed(this.#holder.id)
      const partitions = request.map(record => `${record.topic}/${record.partition}`)
      transactions.touch(this.#holder, partitions, this.#core.now())
      for (const [at, offset] of this.#core.append(request, this.#holder.id)) last.set(at, offset)
      this.#answer(verdict)
    }
    const verdict = await this.#step('commit:end')
    if (verdict === 'late') {
      void this.#arriveLate()
      throw new IndefiniteError(`${this.#holder.id}: the end of the transaction is late`)
    }
    transactions.end(this.#holder, 'commit')
    this.#answer(verdict)
    return last
  }

  async #step(label: 'commit:begin' | 'commit:append' | 'commit:end'): Promise<Verdict> {
    const verdict = await this.#client.step(label)
    if (verdict === 'fence') await this.#core.transactions.open(this.#holder.id)
    if (verdict === 'lose-request') throw new IndefiniteError(`${this.#holder.id}: ${label} got lost`)
    return verdict
  }

  #answer(verdict: Verdict): void {
    if (verdict === 'crash-after') this.#client.crash()
    this.#client.check()
    if (verdict === 'lose-answer') throw new IndefiniteError(`${this.#holder.id}: the answer got lost`)
  }

  /** Nothing stands between it and the next transaction of its holder but a newer epoch. */
  #arriveLate(): Promise<void> {
    return this.#core.during(async () => {
      await this.#core.scheduler.step(BROKER, 'commit:late')
      try {
        this.#core.transactions.end(this.#holder, 'commit')
      } catch (error) {
        if (!(error instanceof FencedError)) throw error // refused, and nobody waits for the answer
      }
    })
  }
}
