/**
 * What pairs are divided by, and whether an item may be shown, by item number, from `item-features.v1`.
 * Bound: 33 bytes an item beside its id; arrays grow by doubling and never shrink.
 */
import type { EpochSum, ItemFeatures } from '../schemas/item-features.ts'
import { ItemIds } from './item-ids.ts'
import { Standing } from './standing.ts'

/** @returns the decayed weight of the sums at a moment, ms */
export type WeightAt = (sums: readonly EpochSum[], atMs: number) => number

export class NormIndex {
  readonly ids = new ItemIds()
  readonly standing = new Standing()
  /** Newest event time known of any item, ms; 0 before the first. */
  newestMs = 0
  readonly #weightAt: WeightAt
  readonly #halfLifeMs: number
  #viewed = new Float64Array(1_024)
  #bought = new Float64Array(1_024)
  /** The moment an item's norms are stated at. */
  #atMs = new Float64Array(1_024)

  constructor(weightAt: WeightAt, halfLifeMs: number) {
    this.#weightAt = weightAt
    this.#halfLifeMs = halfLifeMs
  }

  /** @param record - of `item-features.v1` */
  apply(record: { readonly key: string; readonly value: unknown }): void {
    const value = record.value as ItemFeatures | null // the topic's schema has read it
    const index = this.ids.intern(record.key)
    this.standing.set(index, value?.item ?? null)
    if (index >= this.#atMs.length) this.#grow(index + 1)
    const atMs = value?.newestMs ?? 0
    this.#atMs[index] = atMs
    this.#viewed[index] = value ? this.#weightAt(value.viewedNorm, atMs) : 0
    this.#bought[index] = value ? this.#weightAt(value.boughtNorm, atMs) : 0
    this.newestMs = Math.max(this.newestMs, atMs)
  }

  /** @returns sum of the item's strengths at `atMs`, half-units; 0 where unknown */
  viewed(index: number, atMs: number): number {
    return this.#faded(this.#viewed, index, atMs)
  }

  /** @returns orders that held the item, faded to `atMs`; 0 where unknown */
  bought(index: number, atMs: number): number {
    return this.#faded(this.#bought, index, atMs)
  }

  #faded(weights: Float64Array, index: number, atMs: number): number {
    const weight = weights[index] ?? 0
    return weight === 0 ? 0 : weight * 2 ** (((this.#atMs[index] as number) - atMs) / this.#halfLifeMs)
  }

  #grow(size: number): void {
    const length = Math.max(size, 2 * this.#atMs.length)
    this.#viewed = grown(this.#viewed, length)
    this.#bought = grown(this.#bought, length)
    this.#atMs = grown(this.#atMs, length)
  }
}

function grown(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(length)
  next.set(old)
  return next
}
