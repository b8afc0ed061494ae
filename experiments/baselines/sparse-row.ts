/**
 * One row of a sparse matrix that is added to: an open-addressing table of typed arrays, 12 bytes a place, at most three quarters
 * full. To go through it read `keys` and `values` side by side and pass over places whose key is 0.
 */
export class SparseRow {
  /** Column + 1, or 0 for a free place. */
  keys = new Int32Array(4)
  values = new Float64Array(4)
  #count = 0

  /** @param column - 0 … 2^31 − 2 */
  add(column: number, by: number): void {
    const place = this.#placeOf(column + 1)
    if (this.keys[place] === 0) {
      if (4 * (this.#count + 1) > 3 * this.keys.length) {
        this.#grow()
        this.add(column, by)
        return
      }
      this.keys[place] = column + 1
      this.#count++
    }
    this.values[place] = (this.values[place] as number) + by
  }

  /** @returns 0 where nothing was added */
  get(column: number): number {
    return this.values[this.#placeOf(column + 1)] as number
  }

  #placeOf(key: number): number {
    const mask = this.keys.length - 1
    let place = (Math.imul(key, 0x9e3779b1) >>> 7) & mask
    while (this.keys[place] !== 0 && this.keys[place] !== key) place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const { keys, values } = this
    this.keys = new Int32Array(2 * keys.length)
    this.values = new Float64Array(2 * keys.length)
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number
      if (key === 0) continue
      const place = this.#placeOf(key)
      this.keys[place] = key
      this.values[place] = values[at] as number
    }
  }
}
