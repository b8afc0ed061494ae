/**
 * One number per item id, in order of first mention, for as long as the process lives. Indexes and visitors hold these
 * numbers instead of strings. They mean nothing outside the process and never reach a topic.
 * Bound: one entry per distinct id ever mentioned in the item tables or in a profile; ids are never taken out.
 */
export class ItemIds {
  readonly #index = new Map<string, number>()
  readonly #ids: string[] = []

  get size(): number {
    return this.#ids.length
  }

  /** @returns the item's number, given now if it has none */
  intern(id: string): number {
    const known = this.#index.get(id)
    if (known !== undefined) return known
    const index = this.#ids.length
    this.#index.set(id, index)
    this.#ids.push(id)
    return index
  }

  /** @returns the item's number, −1 where it has none; asking leaves no trace */
  find(id: string): number {
    return this.#index.get(id) ?? -1
  }

  /** @param index - of this process, in 0..size−1 */
  idOf(index: number): string {
    return this.#ids[index] as string
  }
}
