/**
 * The catalogue as arrays: what the list stage needs to know of an item, by the item's number, from `item-features.v1`.
 * Bound: some 330 bytes an item, 256 of them its vector; arrays grow by doubling and never shrink.
 */
import type { Item, ItemFeatures } from '../schemas/item-features.ts'
import { contentVector } from './content-vector.ts'
import { ItemIds } from './item-ids.ts'
import { DIM, VectorSlab } from './vector-slab.ts'

/** Categories kept per item, the most specific ones. */
export const MAX_CATEGORIES = 4
const FIRST_CAPACITY = 1_024
const NO_VECTOR = new Float32Array(DIM)

export class ItemIndex {
  readonly ids: ItemIds
  /** Numbers of category names; the same space for items and for preferences. */
  readonly categoryIds: ItemIds
  readonly brandIds = new ItemIds()
  readonly creatorIds = new ItemIds()
  readonly vectors = new VectorSlab()
  /** MAX_CATEGORIES an item, most specific first, −1 where there are fewer. */
  categories = new Int32Array(FIRST_CAPACITY * MAX_CATEGORIES).fill(-1)
  /** −1 where unknown, and so for creators. */
  brands = new Int32Array(FIRST_CAPACITY).fill(-1)
  creators = new Int32Array(FIRST_CAPACITY).fill(-1)
  /** In the shop currency; NaN where unknown. */
  prices = new Float64Array(FIRST_CAPACITY).fill(Number.NaN)
  /** Ms since the epoch; NaN where unknown. */
  publishedAtMs = new Float64Array(FIRST_CAPACITY).fill(Number.NaN)
  /** Items whose facts are known. */
  catalogued = 0
  /** Raised whenever the vector of an item changes: sums over vectors made before are void. */
  revision = 0
  /** 0 no facts, 1 taken down, 2 available. */
  #standing = new Uint8Array(FIRST_CAPACITY)
  /** Of the facts that stand here. */
  #revisions = new Int32Array(FIRST_CAPACITY).fill(-1)

  constructor(ids: ItemIds = new ItemIds(), categoryIds: ItemIds = new ItemIds()) {
    this.ids = ids
    this.categoryIds = categoryIds
  }

  /**
   * @param index - of an item, known or not
   * @returns whether a list may hold it. A shop that never sent a catalogue gets its lists all the same: as long as no
   *   item has facts, every item may be shown; from the first catalogue record on, only those with facts.
   */
  isServable(index: number): boolean {
    const standing = this.#standing[index] ?? 0
    return standing === 2 || (standing === 0 && this.catalogued === 0)
  }

  /** @returns number of the item's most specific category, −1 where unknown */
  categoryOf(index: number): number {
    return this.categories[index * MAX_CATEGORIES] ?? -1
  }

  apply(record: { readonly key: string; readonly value: unknown }): void {
    // The topic's schema has read the value; a null one is a tombstone.
    const features = record.value as ItemFeatures | null
    const facts = features?.item ?? null
    const index = this.ids.intern(record.key)
    this.#grow(index + 1)
    const revision = features?.revision ?? 0
    if (revision > 0 && revision === this.#revisions[index]) return // only counts moved
    this.#revisions[index] = revision
    this.#setFacts(index, facts)
    const vector = facts === null ? NO_VECTOR : contentVector(facts)
    if (this.vectors.set(index, vector)) this.revision++
  }

  #setFacts(index: number, facts: Item | null): void {
    const was = this.#standing[index] ?? 0
    this.#standing[index] = facts === null ? 0 : facts.available ? 2 : 1
    this.catalogued += (facts === null ? 0 : 1) - (was === 0 ? 0 : 1)
    for (let i = 0; i < MAX_CATEGORIES; i++) {
      const name = facts?.categories[i]
      this.categories[index * MAX_CATEGORIES + i] = name === undefined ? -1 : this.categoryIds.intern(name)
    }
    this.brands[index] = facts?.brand ? this.brandIds.intern(facts.brand) : -1
    this.creators[index] = facts?.creator ? this.creatorIds.intern(facts.creator) : -1
    this.prices[index] = facts?.price ?? Number.NaN
    this.publishedAtMs[index] = facts?.publishedAt ?? Number.NaN
  }

  #grow(size: number): void {
    if (size <= this.#standing.length) return
    let capacity = this.#standing.length
    while (capacity < size) capacity *= 2
    const standing = new Uint8Array(capacity)
    standing.set(this.#standing)
    this.#standing = standing
    this.#revisions = grownInts(this.#revisions, capacity)
    this.categories = grownInts(this.categories, capacity * MAX_CATEGORIES)
    this.brands = grownInts(this.brands, capacity)
    this.creators = grownInts(this.creators, capacity)
    this.prices = grownDoubles(this.prices, capacity)
    this.publishedAtMs = grownDoubles(this.publishedAtMs, capacity)
  }
}

function grownInts(old: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const next = new Int32Array(length).fill(-1)
  next.set(old)
  return next
}

function grownDoubles(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(length).fill(Number.NaN)
  next.set(old)
  return next
}
