/**
 * How often one item came with each other one, exactly, in pages of 16: the state of the variant topology's item stage. A page
 * is never changed. Beside the newest version of each row stands what a step and a publication would have to look for in it: where each
 * other item has its slot, the best of them, the sum. It is made anew where a version is gone back to.
 */
import { withValueAt } from '../processors/ring.ts'
import { recordSchemaOf } from '../schemas/record.ts'

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

  /** Starts the next version of the row: give it to {@link add}, then to the state. */
  next(): CountPage[] {
    return this.describes.slice()
  }

  add(next: CountPage[], other: string, amount: number): void {
    const at = this.#places.get(other) ?? this.#places.size
    const [number, slot] = [Math.floor(at / PAGE_SLOTS), at % PAGE_SLOTS]
    const page = next[number]
    const was = page?.counts[slot] ?? 0
    const others = page && slot < page.others.length ? page.others : withValueAt(page?.others ?? [], slot, other)
    if (at === this.#places.size) this.#places.set(other, at)
    next[number] = { others, counts: withValueAt(page?.counts ?? [], slot, was + amount) }
    this.pairs += amount
    this.best.offer(other, was, was + amount)
  }
}

/** The best items by count, the greatest first, of equal ones by id. Counts only grow. */
export class BestItems {
  readonly items: string[] = []
  readonly counts: number[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** @param was - its count before, 0 for none: an item that was among the best still is */
  offer(item: string, was: number, count: number): void {
    const last = this.items.length - 1
    const isFull = last + 1 === this.#limit
    if (isFull && !this.#isBetter(item, count, last)) return
    const before = was === 0 ? last + 1 : this.#placeOf(item, was)
    if (before <= last) this.#remove(before)
    else if (isFull) this.#remove(last)
    const at = this.#placeOf(item, count)
    this.items.splice(at, 0, item)
    this.counts.splice(at, 0, count)
  }

  #remove(at: number): void {
    this.items.splice(at, 1)
    this.counts.splice(at, 1)
  }

  /** @returns where it stands, or would */
  #placeOf(item: string, count: number): number {
    let low = 0
    for (let high = this.items.length; low < high; ) {
      const middle = (low + high) >> 1
      if (this.#isBetter(item, count, middle) || this.items[middle] === item) high = middle
      else low = middle + 1
    }
    return low
  }

  #isBetter(item: string, count: number, than: number): boolean {
    const other = this.counts[than] as number
    return count > other || (count === other && item < (this.items[than] as string))
  }
}
