/**
 * A ring in pages: the newest entries of a key, of which an append rewrites one page. Page n of the ring's life stands at
 * n % pages; a new page takes the place of the oldest one. Readers see the newest `limit` entries: the ring has one page more than
 * the limit needs, so that beginning a page forgets nothing too early.
 */
export interface RingPage<T> {
  /** Running number of the page, from 0. */
  readonly number: number
  /** In order of appending, 1 to `pageSize`. */
  readonly entries: readonly T[]
}

export interface RingShape {
  readonly limit: number
  readonly pageSize: number
}

/** @returns pages a full ring has */
export const pageCount = ({ limit, pageSize }: RingShape): number => Math.ceil(limit / pageSize) + 1

/** @returns index of the page with the greatest number; −1 for an empty ring */
export function newestPage(pages: readonly { readonly number: number }[]): number {
  let newest = -1
  let number = -1
  for (let i = 0; i < pages.length; i++) {
    const page = pages[i] as { readonly number: number }
    if (page.number > number) {
      number = page.number
      newest = i
    }
  }
  return newest
}

/**
 * @param at - 0 to `values.length`
 * @returns a copy with the value there, without the slack that an array grown by assignment would keep for good
 */
export const withValueAt = <T>(values: readonly T[], at: number, value: T): T[] =>
  at < values.length ? values.with(at, value) : values.concat([value])

/** @returns the pages with the entries as the newest, the others the same by identity; `pages` itself where there is nothing to add */
export function appendAll<T>(
  pages: readonly RingPage<T>[],
  added: readonly T[],
  shape: RingShape,
): readonly RingPage<T>[] {
  const total = pageCount(shape)
  const last = pages[newestPage(pages)]
  let next = pages
  let number = last?.number ?? 0
  let entries = last?.entries ?? []
  for (let from = 0; from < added.length; ) {
    if (entries.length === shape.pageSize) {
      number += 1
      entries = []
    }
    const taken = added.slice(from, from + shape.pageSize - entries.length)
    entries = entries.concat(taken)
    next = withValueAt(next, number % total, { number, entries })
    from += taken.length
  }
  return next
}

/** @returns the newest entries, oldest first, at most `limit` */
export function newestEntries<T>(pages: readonly RingPage<T>[], shape: RingShape, limit = shape.limit): T[] {
  const newest = newestPage(pages)
  if (newest < 0) return []
  const found: T[] = []
  const total = pageCount(shape)
  const lastNumber = (pages[newest] as RingPage<T>).number
  const needed = Math.min(pages.length, Math.ceil(limit / shape.pageSize) + 1)
  for (let number = Math.max(0, lastNumber - needed + 1); number <= lastNumber; number++) {
    const page = pages[number % total] as RingPage<T>
    for (const entry of page.entries) found.push(entry)
  }
  return found.length > limit ? found.slice(found.length - limit) : found
}
