/**
 * What the sources are asked: one visitor, by item number, in arrays that are filled anew for every list. Lengths stand
 * beside the arrays; what lies beyond them is left from the visitor before.
 */
import { DIM } from './vector-slab.ts'

/** Liked items that sources look from, newest first. */
export const MAX_ANCHORS = 20
/** Items that were skipped or disliked, newest first. */
export const MAX_AVERSIONS = 5
/** Items of the running session, newest first. */
export const MAX_SESSION = 10
/** Categories, best first. */
export const MAX_TASTES = 3

export class Ask {
  readonly anchors = new Int32Array(MAX_ANCHORS)
  /** Above 0, at most 1: strength, fading with every newer item. */
  readonly anchorWeights = new Float32Array(MAX_ANCHORS)
  anchorCount = 0
  readonly aversions = new Int32Array(MAX_AVERSIONS)
  aversionCount = 0
  readonly session = new Int32Array(MAX_SESSION)
  sessionCount = 0
  readonly categories = new Int32Array(MAX_TASTES)
  categoryCount = 0
  country: string | null = null
  device: string | null = null
  /** The user vector, unit length; read only where `hasTaste`. */
  readonly taste = new Float32Array(DIM)
  hasTaste = false
  /** Of the last items, or of the preferred categories; unit length; read only where `hasContent`. */
  readonly content = new Float32Array(DIM)
  hasContent = false

  clear(): void {
    this.anchorCount = 0
    this.aversionCount = 0
    this.sessionCount = 0
    this.categoryCount = 0
    this.country = null
    this.device = null
    this.hasTaste = false
    this.hasContent = false
  }
}
