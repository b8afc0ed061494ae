/**
 * Memory for what one transaction writes, used again by the next: thousands of small buffers that live as long as a
 * commit would all be moved by the garbage collector.
 */
const FIRST_BYTES = 256 * 1024
/** What a single large transaction took is given back. */
const KEPT_BYTES = 16 * 1024 * 1024

export class Room {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #at = 0

  /** @returns bytes to fill; valid until `clear` */
  take(length: number): Buffer {
    // The buffer before lives on through those who took of it.
    if (this.#at + length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, length))
      this.#at = 0
    }
    const from = this.#at
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  /** Everything taken is free again. */
  clear(): void {
    this.#at = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }
}
