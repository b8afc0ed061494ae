/** A set of item numbers that is emptied in no time: membership is a stamp. One per process is enough. */
export class ItemSet {
  #stamps = new Uint32Array(1_024)
  #stamp = 0

  clear(): void {
    this.#stamp++
    if (this.#stamp <= 0xffffffff) return
    this.#stamps.fill(0)
    this.#stamp = 1
  }

  has(item: number): boolean {
    return this.#stamps[item] === this.#stamp
  }

  /** @returns whether it was not there before */
  add(item: number): boolean {
    if (item >= this.#stamps.length) this.#grow(item + 1)
    if (this.#stamps[item] === this.#stamp) return false
    this.#stamps[item] = this.#stamp
    return true
  }

  #grow(size: number): void {
    let length = this.#stamps.length
    while (length < size) length *= 2
    const next = new Uint32Array(length)
    next.set(this.#stamps)
    this.#stamps = next
  }
}
