/** A candidate source: where items to recommend may come from. All have this shape; `sources.ts` lists them. */
import type { Ask } from './ask.ts'
import type { CandidateSet } from './candidate-set.ts'
import type { ItemIndex } from './item-index.ts'
import type { Nearest } from './nearest.ts'
import type { RelatedIndex } from './related-index.ts'
import type { TrendingIndex } from './trending-index.ts'

/** The tables that sources look into. */
export interface Tables {
  readonly items: ItemIndex
  readonly related: RelatedIndex
  readonly trending: TrendingIndex
  /** Nearest items to the ask's vectors, found in one walk for the sources that want them. */
  readonly nearest: Nearest
}

export interface Source {
  readonly name: string
  /**
   * The score at which the source is half sure; what it hands on is calibrated as score / (score + halfScore), so that
   * scores of different sources can be added.
   */
  readonly halfScore: number
  /**
   * @param ask - the visitor
   * @param into - empty; every candidate is added with a score above 0 and the visitor's item it comes from
   */
  collect(ask: Ask, tables: Tables, into: CandidateSet): void
}
