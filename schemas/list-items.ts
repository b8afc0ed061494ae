/** The items of a list, whose columns are laid out in `avro/ranked-list.avsc`: written item by item, read in one walk. */
import type { RankedList } from './ranked-list.ts'

/** So many items of a list are public, and have their reasons written down. */
export const PUBLIC_ITEMS = 50
/** Scores are whole numbers of this part of 1. */
export const SCORE_UNITS = 10_000
const MAX_REASONS = 3
const MAX_PLACES = 255

export interface ListItem {
  readonly itemId: string
  /** 0.0001 to 1, four digits. */
  readonly score: number
  /** Bit set of candidate sources, see retrieval/sources.ts. */
  readonly sources: number
  /** Number of the source that gave most of the score. */
  readonly source: number
  /** Items it comes from, strongest first; none behind the public items. */
  readonly because: readonly string[]
}

export type ListColumns = Pick<
  RankedList,
  'idPrefix' | 'because' | 'itemIds' | 'scores' | 'sources' | 'source' | 'reasons'
>

/** Fills the columns of one list, best item first. */
export class ListColumnWriter {
  readonly #itemIds: string[] = []
  readonly #because: string[] = []
  readonly #places = new Map<string, number>()
  readonly #scores: number[] = []
  readonly #sources: Buffer
  readonly #source: Buffer
  readonly #reasons: Buffer
  #score = 0
  #reasonsEnd = 0
  /** Where the count of reasons of the newest item stands, −1 behind the public items. */
  #countAt = -1

  /** @param count - items that will be added */
  constructor(count: number) {
    this.#sources = Buffer.allocUnsafe(count)
    this.#source = Buffer.allocUnsafe(count)
    this.#reasons = Buffer.allocUnsafe(Math.min(count, PUBLIC_ITEMS) * (1 + MAX_REASONS))
  }

  /**
   * @param score - 0 to 1; what is less than a unit is written as one
   * @param sources - bit set, 0 to 255
   * @param source - number of one of them, 0 to 7
   */
  add(itemId: string, score: number, sources: number, source: number): void {
    const at = this.#itemIds.push(itemId) - 1
    const units = Math.max(1, Math.round(score * SCORE_UNITS))
    this.#scores.push(units - this.#score)
    this.#score = units
    this.#sources[at] = sources
    this.#source[at] = source
    this.#countAt = at < PUBLIC_ITEMS ? this.#reasonsEnd++ : -1
    if (this.#countAt >= 0) this.#reasons[this.#countAt] = 0
  }

  /** One more item that the newest one comes from, the strongest first, at most three; nothing behind the public items. */
  addReason(itemId: string): void {
    if (this.#countAt < 0) return
    const count = this.#reasons[this.#countAt] as number
    const place = this.#placeOf(itemId)
    if (count === MAX_REASONS || place === undefined) return
    this.#reasons[this.#countAt] = count + 1
    this.#reasons[this.#reasonsEnd++] = place
  }

  /** @returns the columns, which are the caller's; the writer is done */
  finish(): ListColumns {
    const idPrefix = commonPrefix(this.#because, commonPrefix(this.#itemIds, this.#itemIds[0] ?? ''))
    const start = idPrefix.length
    return {
      idPrefix,
      because: start === 0 ? this.#because : this.#because.map(id => id.slice(start)),
      itemIds: start === 0 ? this.#itemIds : this.#itemIds.map(id => id.slice(start)),
      scores: this.#scores,
      sources: this.#sources,
      source: this.#source,
      reasons: this.#reasons.subarray(0, this.#reasonsEnd),
    }
  }

  #placeOf(itemId: string): number | undefined {
    let place = this.#places.get(itemId)
    if (place === undefined && this.#because.length < MAX_PLACES) {
      place = this.#because.push(itemId) - 1
      this.#places.set(itemId, place)
    }
    return place
  }
}

/**
 * Visits the items, best first; of a column that is too short the rest reads as 0.
 * @param limit - items visited at most
 * @param visit - number of the item; its score in units; its reasons are the places `reasons[from]` to before `reasons[to]`
 */
export function walkItems(
  { itemIds, scores, reasons }: ListColumns,
  limit: number,
  visit: (item: number, units: number, from: number, to: number) => void,
): void {
  const count = Math.min(itemIds.length, limit)
  let units = 0
  let from = 1
  for (let item = 0; item < count; item++) {
    units += scores[item] ?? 0
    const to = from + (reasons[from - 1] ?? 0)
    visit(item, units, from, to)
    from = to + 1
  }
}

export function itemsOf(list: ListColumns): ListItem[] {
  const { idPrefix, itemIds, sources, source, reasons } = list
  const because = becauseOf(list)
  const items: ListItem[] = []
  walkItems(list, itemIds.length, (item, units, from, to) => {
    items.push({
      itemId: idPrefix + itemIds[item],
      score: units / SCORE_UNITS,
      sources: sources[item] ?? 0,
      source: source[item] ?? 0,
      because: from === to ? NOTHING : namesOf(because, reasons, from, to),
    })
  })
  return items
}

/** @returns ids of the items that others in the list come from, those of the best items first */
export const becauseOf = ({ idPrefix, because }: ListColumns): string[] => because.map(rest => idPrefix + rest)

/** @returns the names at the places from..to−1 of `reasons`; a place without a name is left out */
export function namesOf(names: readonly string[], reasons: Buffer, from: number, to: number): string[] {
  const found: string[] = []
  for (let at = from; at < to; at++) {
    const name = names[reasons[at] ?? MAX_PLACES]
    if (name !== undefined) found.push(name)
  }
  return found
}

const NOTHING: readonly string[] = []

/** @returns what all ids begin with, no more than `most`, which does not end within a character either */
function commonPrefix(ids: readonly string[], most: string): string {
  let prefix = most
  for (const id of ids) {
    if (id.startsWith(prefix)) continue
    let length = 0
    while (id.charCodeAt(length) === prefix.charCodeAt(length)) length++ // they differ before either ends, or where id does
    prefix = prefix.slice(0, length)
  }
  return isFirstHalf(prefix.charCodeAt(prefix.length - 1)) ? prefix.slice(0, -1) : prefix
}

/** Of a character that takes two UTF-16 units. */
const isFirstHalf = (unit: number): boolean => (unit & 0xfc00) === 0xd800
