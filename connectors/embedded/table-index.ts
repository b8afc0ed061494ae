/**
 * Which keys of a table were written behind an offset, in order. A table is kept by key only, as hardly anybody reads one
 * from behind its tail: whoever does has this made from one scan, and it grows with the commits until the reader is
 * through. A key that was written again stays in it at its old place, too; the record itself tells.
 */
import type { LogRecord } from '../../topology/log-port.ts'

export interface IndexEntry {
  readonly offset: number
  /** The table key, latin1: a buffer each would take three times the memory. */
  readonly key: string
}

/** Records added before the index is dropped and made anew, more where the scan found more. */
const MIN_ADDED = 100_000

export class TableIndex {
  /** Covers everything from here on. */
  readonly from: number
  readonly ready: Promise<void>
  #entries: IndexEntry[] = []
  #added: IndexEntry[] = []
  #isReady = false
  #addedCount = 0
  #scanned = 0

  /** @param scan - every entry of the table from `from` up to what is committed now, in any order */
  constructor(from: number, scan: Promise<IndexEntry[]>) {
    this.from = from
    this.ready = scan.then(entries => {
      entries.sort((a, b) => a.offset - b.offset)
      this.#scanned = entries.length
      for (const one of this.#added) entries.push(one)
      this.#entries = entries
      this.#added = []
      this.#isReady = true
    })
  }

  /** True once it is cheaper to scan again than to go on: most of it has been written over. */
  get isStale(): boolean {
    return this.#addedCount > Math.max(MIN_ADDED, this.#scanned)
  }

  add({ offset }: LogRecord, key: Buffer): void {
    this.#addedCount++
    ;(this.#isReady ? this.#entries : this.#added).push({ offset, key: key.toString('latin1') })
  }

  /** Entries from `offset` on. */
  *since(offset: number): Generator<IndexEntry> {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.offset ?? 0) < offset) low = middle + 1
      else high = middle
    }
    for (let at = low; at < this.#entries.length; at++) yield this.#entries[at] as IndexEntry
  }
}
