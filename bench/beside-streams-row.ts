/**
 * How often one item came with each other one, exactly, in pages of 16: the state of the variant topology's item stage. A page
 * is never changed. Beside the newest version of each row stands what a step and a publication would have to look for in it: where each
 * other item has its slot, the best of them, the sum. It is made anew where a version is gone back to.
 */
import { withValueAt } from '../processors/ring.ts'
import { recordSchemaOf } from '../schemas/record.ts'
import { BestItems } from './beside-streams-best.ts'

const PAGE_SLOTS = 16

export interface CountPage {
  /** By slot; an item keeps its slot. */
  others: string[]
  counts: number[]
}
type Pages = readonly CountPage[]

const arrayOf = (items: string) => ({ type: 'array', items })
export const countPage = recordSchemaOf<CountPage>(
  'count-page',
  JSON.stringify({
    type: 'record',
    name: 'CountPage',
    fields: [
      { name: 'others', type: arrayOf('string') },
      { name: 'counts', type: arrayOf('int') },
    ],
  }),
)

/** Of the rows of one process; bounded by the number of items. */
export class RowViews {
  readonly #listed: number
  readonly #byItem = new Map<string, RowView>()

  /** @param listed - how many of the best are kept in order */
  constructor(listed: number) {
    this.#listed = listed
  }

  of(itemId: string, pages: Pages): RowView {
    const known = this.#byItem.get(itemId)
    if (known?.describes === pages) return known
    const view = new RowView(pages, this.#listed)
    this.#byItem.set(itemId, view)
    return view
  }
}

export class RowView {
  /** The version of the row that it speaks of. */
  describes: Pages
  readonly best: BestItems
  /** Sum of all counts. */
  pairs = 0
  readonly #places = new Map<string, number>()

  constructor(pages: Pages, listed: number) {
    this.describes = pages
    this.best = new BestItems(listed)
    for (const { others, counts } of pages)
      others.forEach((other, slot) => {
        const count = counts[slot] as number
        this.#places.set(other, this.#places.size)
        this.pairs += count
        this.best.offer(other, 0, count)
      })
  }

  /** Starts the next version of the row, which this view describes from now on. @returns it, to be given to {@link add} and kept */
  next(): CountPage[] {
    const next = this.describes.slice()
    this.describes = next
    return next
  }

  add(next: CountPage[], other: string, amount: number): void {
    const known = this.#places.get(other)
    const at = known ?? this.#places.size
    if (known === undefined) this.#places.set(other, at)
    const [number, slot] = [Math.floor(at / PAGE_SLOTS), at % PAGE_SLOTS]
    const { others, counts } = next[number] ?? EMPTY
    const was = counts[slot] ?? 0
    const names = known === undefined ? withValueAt(others, slot, other) : others
    next[number] = { others: names, counts: withValueAt(counts, slot, was + amount) }
    this.pairs += amount
    this.best.offer(other, was, was + amount)
  }
}

const EMPTY: CountPage = { others: [], counts: [] }
