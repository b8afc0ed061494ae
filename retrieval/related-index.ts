/**
 * Ranked neighbours by item number, from `related.v1`: `similar`, `next` and `together`, each in one slab.
 * Bound: 50 neighbours × 8 bytes an item and relation that has any; slabs grow by doubling, rows are used again.
 */
import type { Related } from '../schemas/related.ts'
import type { ItemIds } from './item-ids.ts'

export const MAX_RELATED = 50
export type Relation = 'similar' | 'next' | 'together'

/** Neighbours of all items in one relation. Row r stands at r · MAX_RELATED. */
export class NeighbourSlab {
  items = new Int32Array(1_024 * MAX_RELATED)
  /** Above 0, best first. */
  scores = new Float32Array(1_024 * MAX_RELATED)
  #lengths = new Uint8Array(1_024)
  #rowOf = new Int32Array(1_024).fill(-1)
  #rows = 0

  /** @returns where the item's neighbours begin in `items` and `scores`; −1 where it has none */
  startOf(item: number): number {
    const row = this.#rowOf[item] ?? -1
    return row < 0 ? -1 : row * MAX_RELATED
  }

  /** @param start - from {@link startOf}, not −1. @returns 0..MAX_RELATED */
  lengthAt(start: number): number {
    return this.#lengths[start / MAX_RELATED] as number
  }

  set(item: number, neighbours: readonly { item: number; score: number }[]): void {
    if (item >= this.#rowOf.length) this.#rowOf = grown(this.#rowOf, item + 1)
    let row = this.#rowOf[item] as number
    if (row < 0) {
      if (neighbours.length === 0) return
      row = this.#rows++
      this.#rowOf[item] = row
      if (row >= this.#lengths.length) this.#double()
    }
    let length = 0
    for (const { item: other, score } of neighbours) {
      if (length === MAX_RELATED) break
      if (!(score > 0 && Number.isFinite(score)) || other === item) continue
      this.items[row * MAX_RELATED + length] = other
      this.scores[row * MAX_RELATED + length] = score
      length++
    }
    this.#lengths[row] = length
  }

  #double(): void {
    const items = new Int32Array(this.items.length * 2)
    items.set(this.items)
    this.items = items
    const scores = new Float32Array(items.length)
    scores.set(this.scores)
    this.scores = scores
    const lengths = new Uint8Array(this.#lengths.length * 2)
    lengths.set(this.#lengths)
    this.#lengths = lengths
  }
}

function grown(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  let length = old.length
  while (length < size) length *= 2
  const next = new Int32Array(length).fill(-1)
  next.set(old)
  return next
}

export class RelatedIndex {
  readonly similar = new NeighbourSlab()
  readonly next = new NeighbourSlab()
  readonly together = new NeighbourSlab()
  readonly #ids: ItemIds

  constructor(ids: ItemIds) {
    this.#ids = ids
  }

  /** @param record - of `related.v1`: key relation/itemId; a relation of another name is left alone */
  apply(record: { readonly key: string; readonly value: unknown }): void {
    const cut = record.key.indexOf('/')
    const slab = this.#slabOf(record.key.slice(0, cut))
    if (slab === undefined) return
    const items = (record.value as Related | null)?.items ?? []
    slab.set(
      this.#ids.intern(record.key.slice(cut + 1)),
      items.map(one => ({ item: this.#ids.intern(one.itemId), score: one.score })),
    )
  }

  #slabOf(relation: string): NeighbourSlab | undefined {
    if (relation === 'similar') return this.similar
    if (relation === 'next') return this.next
    if (relation === 'together') return this.together
    return undefined
  }
}
