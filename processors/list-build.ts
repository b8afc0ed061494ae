/** Builds the list of one visitor: asks the sources, blends, and writes down items, scores and reasons. */
import { Ask } from '../retrieval/ask.ts'
import { Blend, BLEND_MODEL, type BlendOptions } from '../retrieval/blend.ts'
import { MAX_BECAUSE } from '../retrieval/candidate-set.ts'
import type { ItemIndex } from '../retrieval/item-index.ts'
import { ItemSet } from '../retrieval/item-set.ts'
import { Nearest } from '../retrieval/nearest.ts'
import type { RelatedIndex } from '../retrieval/related-index.ts'
import { rungOf } from '../retrieval/rung.ts'
import { content } from '../retrieval/sources/content.ts'
import { taste } from '../retrieval/sources/taste.ts'
import type { TrendingIndex } from '../retrieval/trending-index.ts'
import { murmur2 } from '../schemas/ids.ts'
import { type ListColumns, ListColumnWriter } from '../schemas/list-items.ts'
import type { RankedList } from '../schemas/ranked-list.ts'
import { fillAsk, type Wants } from './list-ask.ts'
import type { ListState } from './list-state.ts'

export class ListBuild {
  readonly #items: ItemIndex
  readonly #ask = new Ask()
  readonly #blocked = new ItemSet()
  readonly #blend: Blend
  readonly #wants: Wants

  constructor(items: ItemIndex, related: RelatedIndex, trending: TrendingIndex, options: BlendOptions) {
    this.#items = items
    this.#wants = { taste: options.sources.includes(taste.name), content: options.sources.includes(content.name) }
    const admission = { blocked: this.#blocked, isServable: (item: number) => items.isServable(item) }
    const nearest = new Nearest(items.vectors, admission, options.limit)
    this.#blend = new Blend({ items, related, trending, nearest }, admission, options)
  }

  /** @param nowMs - clock of the builder */
  build(state: ListState, nowMs: number): RankedList {
    const rung = rungOf(state.positives)
    fillAsk(state, this.#items, this.#wants, this.#ask, this.#blocked)
    this.#blend.run(this.#ask, rung)
    return {
      visitor: state.visitor,
      listId: listIdOf(state, nowMs),
      builtAtMs: nowMs,
      partition: state.partition,
      offset: state.offset,
      appendedAtMs: state.appendedAtMs,
      model: BLEND_MODEL,
      rung,
      ...this.#columns(),
    }
  }

  /** @returns numbers of the first items of the list built last, at most `count` */
  top(count: number): Int32Array {
    return this.#blend.items.slice(0, Math.min(count, this.#blend.count))
  }

  #columns(): ListColumns {
    const { items, slots, count, found, bits, mainSource } = this.#blend
    const { ids } = this.#items
    const columns = new ListColumnWriter(count)
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number
      const score = found.scores[slot] as number
      columns.add(ids.idOf(items[i] as number), score, bits[slot] as number, mainSource[slot] as number)
      for (let b = slot * MAX_BECAUSE; b < (slot + 1) * MAX_BECAUSE; b++) {
        const item = found.because[b] as number
        if (item < 0) break
        columns.addReason(ids.idOf(item))
      }
    }
    return columns.finish()
  }
}

/** `<hash of the visitor>-<offset known>-<time of building>`: one visitor's list is built at most once a millisecond. */
function listIdOf({ visitor, offset }: ListState, nowMs: number): string {
  const hash = (murmur2(Buffer.from(visitor)) >>> 0).toString(36)
  return `${hash}-${offset < 0 ? 'none' : offset}-${nowMs.toString(36)}`
}
