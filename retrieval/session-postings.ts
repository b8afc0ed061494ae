/**
 * For each item the serials of the newest sessions that hold it: rings of 4, 8, … places in one array. A ring that is full doubles up
 * to `maxPlaces`; where the array has no room left, rings whose newest session is forgotten give theirs back, and where that is not
 * enough a ring stays as long as it is and keeps its newest serials; an item without a ring stays without until there is room.
 * Bound: `capacity` places of 4 bytes, and 16 bytes an item (arrays double, so at most 32).
 */
const SMALLEST = 4

export class SessionPostings {
  readonly #places: Int32Array
  readonly #maxPlaces: number
  /** By the logarithm of the length of rings given back: where they begin. */
  readonly #free: number[][] = []
  #used = 0
  /** By item: where its ring begins, its length (0: none), and serials written since it has that length. */
  #start = new Int32Array(1_024)
  #length = new Int32Array(1_024)
  #written = new Float64Array(1_024)
  #items = 0
  /** Serials written before the next search for rings to give back. */
  #patience = 0

  /** @param maxPlaces - cut down to a power of two, ≥ 4 */
  constructor(capacity: number, maxPlaces: number) {
    this.#places = new Int32Array(capacity)
    this.#maxPlaces = Math.max(SMALLEST, 2 ** Math.floor(Math.log2(maxPlaces)))
  }

  /** @param forgotten - serials up to this one need not be kept */
  push(item: number, serial: number, forgotten: number): void {
    if (item >= this.#start.length) this.#grow(item + 1)
    if (item >= this.#items) this.#items = item + 1
    if (this.#patience > 0) this.#patience--
    const length = this.#length[item] as number
    const written = this.#written[item] as number
    // At the end of a ring its oldest serial stands first, so that it can be copied as it is.
    if (length < this.#maxPlaces && (length === 0 || written % length === 0) && written >= length) {
      this.#lengthen(item, forgotten)
    }
    const now = this.#length[item] as number
    if (now === 0) return
    const at = this.#written[item] as number
    this.#places[(this.#start[item] as number) + (at & (now - 1))] = serial
    this.#written[item] = at + 1
  }

  /**
   * Copies the newest serials of an item, the newest first.
   * @param into - room for `most`
   * @returns how many
   */
  read(item: number, into: Int32Array, most: number): number {
    if (item >= this.#items) return 0
    const length = this.#length[item] as number
    const written = this.#written[item] as number
    const start = this.#start[item] as number
    const count = Math.min(length, written, most)
    for (let at = 1; at <= count; at++) into[at - 1] = this.#places[start + ((written - at) & (length - 1))] as number
    return count
  }

  #lengthen(item: number, forgotten: number): void {
    const length = this.#length[item] as number
    const next = length === 0 ? SMALLEST : 2 * length
    const start = this.#take(next, forgotten)
    if (start < 0) return
    if (length > 0) {
      const old = this.#start[item] as number
      this.#places.copyWithin(start, old, old + length)
      this.#give(old, length)
    }
    this.#start[item] = start
    this.#length[item] = next
    this.#written[item] = length
  }

  /** @returns where a ring begins, −1 where there is no room */
  #take(length: number, forgotten: number): number {
    const free = this.#reuse(length)
    if (free >= 0) return free
    if (this.#used + length <= this.#places.length) {
      this.#used += length
      return this.#used - length
    }
    if (this.#patience > 0) return -1
    this.#reclaim(forgotten)
    return this.#reuse(length)
  }

  /** @returns where a ring that was given back begins, halved until it is as short as wanted; −1 for none */
  #reuse(length: number): number {
    const known = this.#free[Math.log2(length)]?.pop()
    if (known !== undefined) return known
    if (length >= this.#maxPlaces) return -1
    const longer = this.#reuse(2 * length)
    if (longer >= 0) this.#give(longer + length, length)
    return longer
  }

  #give(start: number, length: number): void {
    const size = Math.log2(length)
    const free = this.#free[size] ?? []
    this.#free[size] = free
    free.push(start)
  }

  /** Gives back the rings of items that no kept session holds, as far as their newest click tells. */
  #reclaim(forgotten: number): void {
    for (let item = 0; item < this.#items; item++) {
      const length = this.#length[item] as number
      if (length === 0) continue
      const start = this.#start[item] as number
      const written = this.#written[item] as number
      const newest = this.#places[start + ((written - 1) & (length - 1))] as number
      if (newest > forgotten) continue
      this.#give(start, length)
      this.#length[item] = 0
      this.#written[item] = 0
    }
    this.#patience = this.#items >> 2
  }

  #grow(items: number): void {
    const length = Math.max(items, 2 * this.#start.length)
    this.#start = copied(this.#start, new Int32Array(length))
    this.#length = copied(this.#length, new Int32Array(length))
    this.#written = copied(this.#written, new Float64Array(length))
  }
}

function copied<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from)
  return into
}
