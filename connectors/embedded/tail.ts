/**
 * The newest records of one topic in memory, so that a reader that keeps up never reads them back from disk. A topic that
 * nobody reads keeps none: a changelog is read at start only, and whatever lives this long costs the collector most.
 */
import type { LogRecord } from '../../topology/log-port.ts'

const MAX_RECORDS = 8_192
const MAX_BYTES = 4 * 1024 * 1024
/** After so many records that nobody came for, the tail lets go of them and of all that follow until somebody reads. */
const MAX_UNREAD = 4_096

const sizeOf = (record: LogRecord): number => (record.key?.length ?? 0) + (record.value?.length ?? 0) + 100

export class Tail {
  #records: LogRecord[] = []
  #bytes = 0
  /** Everything from here on is held; records follow each other without a gap. */
  #first: number
  /** Pushed since the last read. */
  #unread = 0
  #isRead = false

  constructor(next: number) {
    this.#first = next
  }

  push(record: LogRecord): void {
    if (!this.#isRead) {
      this.#first = record.offset + 1
      return
    }
    this.#records.push(record)
    this.#bytes += sizeOf(record)
    this.#unread++
    if (this.#unread > MAX_UNREAD) this.#letGo()
    else if (this.#records.length > MAX_RECORDS || this.#bytes > MAX_BYTES) this.#halve()
  }

  /** @returns undefined where `offset` is older than what is held */
  read(offset: number, maxRecords: number): readonly LogRecord[] | undefined {
    this.#isRead = true
    this.#unread = 0
    if (offset < this.#first) return undefined
    const from = offset - this.#first
    return this.#records.slice(from, from + maxRecords)
  }

  #halve(): void {
    const gone = this.#records.splice(0, Math.ceil(this.#records.length / 2))
    this.#first += gone.length
    for (const record of gone) this.#bytes -= sizeOf(record)
  }

  #letGo(): void {
    this.#first += this.#records.length
    this.#records = []
    this.#bytes = 0
    this.#isRead = false
  }
}
