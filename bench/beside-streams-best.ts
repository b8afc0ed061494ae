/** The best items by count, the greatest first, of equal ones by id. Counts only grow. */
export class BestItems {
  readonly items: string[] = []
  readonly counts: number[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param was - its count before, 0 for none: an item that was among the best still is */
  offer(item: string, was: number, count: number): void {
    const { items, counts } = this
    const last = items.length - 1
    const isFull = last + 1 === this.#limit
    if (isFull && !this.#isBetter(item, count, last)) return
    const before = was === 0 ? last + 1 : this.#placeOf(item, was)
    const to = this.#placeOf(item, count)
    for (let at = Math.min(before, this.#limit - 1); at > to; at--) {
      items[at] = items[at - 1] as string
      counts[at] = counts[at - 1] as number
    }
    items[to] = item
    counts[to] = count
  }

  /** @returns where it stands, or would */
  #placeOf(item: string, count: number): number {
    let low = 0
    for (let high = this.items.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.#isBetter(item, count, middle) || this.items[middle] === item) high = middle
      else low = middle + 1
    }
    return low
  }

  #isBetter(item: string, count: number, than: number): boolean {
    const other = this.counts[than] as number
    return count > other || (count === other && item < (this.items[than] as string))
  }
}
