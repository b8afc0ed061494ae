/**
 * How far the replay of a data set came, in a small file, so that it can be resumed. The shift is stored with it: every
 * start of one replay gives an event the same time.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface ReplayState {
  /** Added to every event time, ms. */
  readonly shiftMs: number
  /** Events of the data set, and their first and last time before the shift, ms since the epoch. */
  readonly total: number
  readonly oldestMs: number
  readonly newestMs: number
  /** Events the log has acknowledged; after a crash some behind them may be there too, and are refused as duplicates. */
  readonly done: number
}

export class ReplayPosition {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** @returns undefined before the first save. @throws on a file that this class did not write */
  load(): ReplayState | undefined {
    if (!existsSync(this.#path)) return undefined
    const refuse = (cause?: unknown) =>
      new Error(`${this.#path}: not the position of a replay; delete it to begin anew`, { cause })
    let state: Partial<ReplayState> | null
    try {
      state = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<ReplayState> | null
    } catch (cause) {
      throw refuse(cause)
    }
    const { shiftMs, total, oldestMs, newestMs, done } = state ?? {}
    if (![shiftMs, total, oldestMs, newestMs, done].every(one => Number.isFinite(one))) throw refuse()
    return state as ReplayState
  }

  save(state: ReplayState): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    writeFileSync(`${this.#path}.new`, JSON.stringify(state))
    renameSync(`${this.#path}.new`, this.#path)
  }
}
