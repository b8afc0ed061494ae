/**
 * The last clicks of the sessions that began last, in a ring of rows of typed arrays. A session has a serial, 1, 2, … in order of
 * its first click; of all serials the newest `capacity` are kept.
 * Bound: `capacity` rows of 4 `stride` + 10 bytes; a session's newest `stride` clicks.
 */
export class SessionRows {
  readonly capacity: number
  readonly stride: number
  /** Shape [capacity, stride]: item numbers, the oldest click first. */
  readonly items: Int32Array
  /** Clicks in a row. */
  readonly clicks: Uint8Array
  /** Distinct items in a row. */
  readonly distinct: Uint8Array
  readonly lastMs: Float64Array
  newest = 0
  /** Serial of slot 0 as if the ring had just come round, so that slots need no division. */
  #base = 0

  /** @param stride - 1 … 255 */
  constructor(capacity: number, stride: number) {
    this.capacity = capacity
    this.stride = stride
    this.items = new Int32Array(capacity * stride)
    this.clicks = new Uint8Array(capacity)
    this.distinct = new Uint8Array(capacity)
    this.lastMs = new Float64Array(capacity)
  }

  /** Bytes of a row. */
  static bytes(stride: number): number {
    return 4 * stride + 10
  }

  /** Serials up to this one are forgotten. */
  get forgotten(): number {
    return this.newest - this.capacity
  }

  /** Rows in use. */
  get count(): number {
    return Math.min(this.newest, this.capacity)
  }

  /** @param serial - one that is kept. @returns its row */
  slotOf(serial: number): number {
    const slot = serial - this.#base
    return slot < 0 ? slot + this.capacity : slot
  }

  /**
   * Begins a session in the row of the one that began first.
   * @param drop - called for each click that goes
   * @returns its serial
   */
  begin(drop: (item: number) => void): number {
    this.newest++
    if (this.newest - this.#base >= this.capacity) this.#base += this.capacity
    const slot = this.slotOf(this.newest)
    const start = slot * this.stride
    const clicks = this.clicks[slot] as number
    for (let at = start; at < start + clicks; at++) drop(this.items[at] as number)
    this.clicks[slot] = 0
    this.distinct[slot] = 0
    this.lastMs[slot] = 0
    return this.newest
  }

  /**
   * Adds a click; where the row is full the oldest goes.
   * @param drop - called with the item of a click that goes
   * @returns whether the item is new to the row
   */
  push(slot: number, item: number, atMs: number, drop: (item: number) => void): boolean {
    const start = slot * this.stride
    let clicks = this.clicks[slot] as number
    if (clicks === this.stride) {
      const gone = this.items[start] as number
      this.items.copyWithin(start, start + 1, start + clicks)
      clicks--
      drop(gone)
      if (!this.#holds(start, clicks, gone)) this.distinct[slot] = (this.distinct[slot] as number) - 1
    }
    const isNew = !this.#holds(start, clicks, item)
    this.items[start + clicks] = item
    this.clicks[slot] = clicks + 1
    if (isNew) this.distinct[slot] = (this.distinct[slot] as number) + 1
    if (atMs > (this.lastMs[slot] as number)) this.lastMs[slot] = atMs
    return isNew
  }

  #holds(start: number, clicks: number, item: number): boolean {
    for (let at = start; at < start + clicks; at++) if (this.items[at] === item) return true
    return false
  }
}
