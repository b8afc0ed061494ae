/**
 * A visitor in the space of the items: two running sums over the profile, what was liked and what was turned down, changed
 * by every event and equal to a recomputation within 1e-5. It is void when an item vector it was summed from changes, which
 * `revision` tells: that is its version, together with the name of the space.
 */
import { CONTENT_SPACE } from './content-vector.ts'
import { DIM } from './vector-slab.ts'

/** What the turned down counts beside the liked, both at unit length. */
const AVERSION = 0.5

export class UserVector {
  readonly space = CONTENT_SPACE
  /** Of the item vectors it was summed from, see `ItemIndex.revision`. */
  readonly revision: number
  /** Of shape [2, DIM], liked and disliked: one array, since each costs 200 bytes beside its numbers. */
  readonly #sums = new Float32Array(2 * DIM)

  constructor(revision: number) {
    this.revision = revision
  }

  /**
   * @param row - the item's vector
   * @param likedBy - by how much the item's weight among the liked grew; negative where it fell
   * @param dislikedBy - the same among those turned down
   */
  change(row: Float32Array, likedBy: number, dislikedBy: number): void {
    if (likedBy !== 0) addScaled(this.#sums, LIKED, row, likedBy)
    if (dislikedBy !== 0) addScaled(this.#sums, DISLIKED, row, dislikedBy)
  }

  /**
   * @param target - length DIM; receives the unit vector, liked − AVERSION · disliked, each at unit length
   * @returns false where the visitor has no direction; the target is undefined then
   */
  read(target: Float32Array): boolean {
    const sums = this.#sums
    const liked = lengthOf(sums, LIKED)
    const disliked = lengthOf(sums, DISLIKED)
    if (liked === 0) return false
    for (let d = 0; d < DIM; d++) {
      const away = disliked === 0 ? 0 : (AVERSION * (sums[DISLIKED + d] as number)) / disliked
      target[d] = (sums[LIKED + d] as number) / liked - away
    }
    const length = lengthOf(target, 0)
    for (let d = 0; d < DIM; d++) target[d] = (target[d] as number) / length
    return true
  }
}

const LIKED = 0
const DISLIKED = DIM

function addScaled(sums: Float32Array, at: number, row: Float32Array, by: number): void {
  for (let d = 0; d < DIM; d++) sums[at + d] = (sums[at + d] as number) + by * (row[d] as number)
}

/** Below 1e-3 a sum of weights of at least 0.5 is what rounding left of nothing. */
function lengthOf(vectors: Float32Array, at: number): number {
  let square = 0
  for (let d = at; d < at + DIM; d++) square += (vectors[d] as number) ** 2
  return square < 1e-6 ? 0 : Math.sqrt(square)
}
