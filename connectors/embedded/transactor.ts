/** The lease on a transactional id inside one process: whoever opened it last has it. */
import { FreshetError } from '../../schemas/errors.ts'
import { FencedError, IndefiniteError, type OutRecord, type Transactor } from '../../topology/log-port.ts'
import type { Draft, EmbeddedWriter } from './writer.ts'

export type Append = (draft: Draft, records: readonly OutRecord[]) => ReadonlyMap<string, number>

export class EmbeddedTransactor implements Transactor {
  readonly #id: string
  readonly #holders: Map<string, EmbeddedTransactor>
  readonly #writer: EmbeddedWriter
  readonly #append: Append
  #state: 'idle' | 'committing' | 'dead' = 'idle'

  constructor(id: string, holders: Map<string, EmbeddedTransactor>, writer: EmbeddedWriter, append: Append) {
    this.#id = id
    this.#holders = holders
    this.#writer = writer
    this.#append = append
    holders.set(id, this)
  }

  async commit(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    if (this.#state !== 'idle') throw new Error(`${this.#id}: this transactor is ${this.#state}`)
    this.#state = 'committing'
    let last: ReadonlyMap<string, number> | undefined
    let refusal: unknown
    try {
      await this.#writer.submit(draft => {
        try {
          this.#check()
          last = this.#append(draft, records)
        } catch (error) {
          refusal = error
          throw error
        }
      })
    } catch (error) {
      this.#state = 'dead'
      if (refusal) throw refusal
      const code = error instanceof FreshetError ? ` by ${error.code}` : ''
      throw new IndefiniteError(`${this.#id}: the commit failed${code}`, { cause: error })
    }
    this.#state = 'idle'
    return last ?? new Map()
  }

  async close(): Promise<void> {
    this.#state = 'dead'
    if (this.#holders.get(this.#id) === this) this.#holders.delete(this.#id)
  }

  #check(): void {
    if (this.#holders.get(this.#id) !== this) throw new FencedError(`${this.#id}: opened again by another holder`)
  }
}
