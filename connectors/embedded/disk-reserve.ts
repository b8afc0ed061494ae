/**
 * Room on the disk that is taken before LMDB needs it. A write of LMDB that fails for want of room may end the process:
 * lmdb 3.5.6 prints what it could not write into a buffer that can be too small. So the file is made longer by zeros, which
 * LMDB overwrites, and where that fails nothing has been touched yet.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

const PAGE_BYTES = 4096
/** What a transaction changes beside the values: branches, the list of free pages, the roots. */
const SPARE_BYTES = 64 * PAGE_BYTES
/** Taken at once where there is as much, so that few commits have to. */
const STEP_BYTES = 4 * 1024 * 1024
const ZEROS = Buffer.alloc(1024 * 1024)

export class DiskReserve {
  readonly #file: number
  readonly #lastPage: () => number
  /** Bytes at the end of the file that LMDB does not use yet, or more than this. */
  #left = 0

  /**
   * @param path - of a file that LMDB has made and that nobody else makes longer
   * @param lastPage - the last page that LMDB uses in it
   */
  constructor(path: string, lastPage: () => number) {
    this.#file = openSync(path, 'r+')
    this.#lastPage = lastPage
  }

  /**
   * To be called before a transaction, while none is under way.
   * @param valueBytes - of all keys and values it writes
   * @param scattered - how many of them lie anywhere, each in a page of its own in the worst case
   * @throws what Node says where the disk takes no more
   */
  take(valueBytes: number, scattered: number): void {
    let needed = wanted(valueBytes, scattered * PAGE_BYTES)
    if (needed > this.#left) {
      const used = (this.#lastPage() + 1) * PAGE_BYTES
      // No more pages can be copied than there are.
      needed = wanted(valueBytes, Math.min(scattered * PAGE_BYTES, used))
      this.#left = this.#lengthen(used, needed)
    }
    this.#left -= needed
  }

  close(): void {
    closeSync(this.#file)
  }

  /** @returns how many bytes behind `used` there are now, at least `needed` */
  #lengthen(used: number, needed: number): number {
    let { size } = fstatSync(this.#file)
    const end = used + needed + STEP_BYTES
    try {
      while (size < end) size += writeSync(this.#file, ZEROS, 0, Math.min(ZEROS.length, end - size), size)
    } catch (error) {
      if (size < used + needed) throw error
    }
    return size - used
  }
}

/** Twice, since a page that is split is half empty. */
const wanted = (valueBytes: number, scatteredBytes: number): number => 2 * (valueBytes + scatteredBytes) + SPARE_BYTES
