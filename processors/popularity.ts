/**
 * Popularity: the positive weight an item was given, in half-units, by country and device, as sums that fade slowly (what
 * is popular) and fast (what is trending).
 *
 * An item has at most 63 cells of known country or device, and one for the unknown. What comes from further countries and
 * devices is counted in that one, so the sum over all cells stays exact; but which cells came first then matters, so
 * the row is marked and stays out of the digest.
 */
import { type PopularityCell, type PopularityPage, popularityPage } from '../schemas/popularity-page.ts'
import type { Popularity } from '../schemas/popularity.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topics } from '../schemas/topics.ts'
import { addUnits, decayedUnits, epochOf, isForgotten, KEPT_EPOCHS } from './decay.ts'
import { defineProcessor, paged, type Step } from './define.ts'
import { type ItemEvent, tells } from './events.ts'
import { canonicalSums } from './neighbour-row.ts'
import type { FoldOptions } from './options.ts'

const PAGE_CELLS = 8
const MAX_KNOWN_CELLS = 63
const COALESCE_MS = 1000

type Pages = readonly PopularityPage[]
type State = { readonly pages: Pages }
type PopularityStep = Step<State, never, Record<never, never>, 'cellsFull'>

export const popularity = ({ popularHalfLifeMs, trendingHalfLifeMs }: FoldOptions) => {
  return defineProcessor({
    name: 'popularity',
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: 'popularity',
      parts: { pages: paged(popularityPage) },
      bound: `64 cells in pages of 8, each with twice ${KEPT_EPOCHS} sums`,
      canonical: ({ pages }: State) => canonicalCells(pages),
      overflowed: ({ pages }: State) => pages.some(page => page.overflowed),
    },
    tables: [{ topic: topics.popularity, coalesceMs: COALESCE_MS, records }],
    counters: { cellsFull: `weights from a country and device beyond the first ${MAX_KNOWN_CELLS} of their item` },
    options: { popularHalfLifeMs, trendingHalfLifeMs },
    wants: event => tells(event, SIGNAL.popularity),
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step({ pages }: State, event: ItemEvent): PopularityStep {
    if (event.kind !== 'deltas') return {}
    let next = pages
    let cellsFull = 0
    for (const { kind, other, amount } of event.deltas) {
      if (kind !== SIGNAL.popularity || amount === 0) continue
      const cut = other.indexOf('|')
      const country = other.slice(0, cut)
      const device = other.slice(cut + 1)
      const hasRoom = hasRoomFor(next, country, device)
      cellsFull += hasRoom ? 0 : 1
      next = hasRoom ? add(next, country, device, amount, event.atMs) : add(next, '', '', amount, event.atMs, true)
    }
    return next === pages ? {} : { state: { pages: next }, count: { cellsFull } }
  }

  function add(pages: Pages, country: string, device: string, amount: number, atMs: number, isForeign = false): Pages {
    const found = placeOf(pages, country, device)
    const place = found < 0 ? cellCount(pages) : found
    const number = Math.floor(place / PAGE_CELLS)
    const page = pages[number]
    const old = page?.cells[place % PAGE_CELLS]
    const isTooLate = isForgotten(old?.slow ?? [], epochOf(atMs, popularHalfLifeMs))
    if (isTooLate && isForgotten(old?.fast ?? [], epochOf(atMs, trendingHalfLifeMs))) return pages
    const cells = page?.cells.slice() ?? []
    cells[place % PAGE_CELLS] = {
      country,
      device,
      slow: added(old?.slow, amount, atMs, popularHalfLifeMs),
      fast: added(old?.fast, amount, atMs, trendingHalfLifeMs),
    }
    const next = pages.slice()
    const newestMs = Math.max(page?.newestMs ?? 0, atMs)
    next[number] = { newestMs, overflowed: isForeign || (page?.overflowed ?? false), cells }
    return next
  }
}

function added(sums: PopularityCell['slow'] = [], amount: number, atMs: number, halfLifeMs: number) {
  return addUnits(sums, epochOf(atMs, halfLifeMs), decayedUnits(amount, atMs, halfLifeMs))
}

function hasRoomFor(pages: Pages, country: string, device: string): boolean {
  if ((country === '' && device === '') || cellCount(pages) < MAX_KNOWN_CELLS) return true
  if (placeOf(pages, country, device) >= 0) return true
  return cellCount(pages) - (placeOf(pages, '', '') >= 0 ? 1 : 0) < MAX_KNOWN_CELLS
}

const cellCount = (pages: Pages): number =>
  pages.length === 0 ? 0 : (pages.length - 1) * PAGE_CELLS + (pages.at(-1) as PopularityPage).cells.length

function placeOf(pages: Pages, country: string, device: string): number {
  for (let number = 0; number < pages.length; number++) {
    const at = (pages[number] as PopularityPage).cells.findIndex(
      cell => cell.country === country && cell.device === device,
    )
    if (at >= 0) return number * PAGE_CELLS + at
  }
  return -1
}

const cellsOf = (pages: Pages): PopularityCell[] =>
  pages.flatMap(page => page.cells.filter(cell => cell.slow.length + cell.fast.length > 0))

function records(itemId: string, { pages }: State): { key: string; value: Popularity }[] {
  const newestMs = pages.reduce((newest, page) => Math.max(newest, page.newestMs), 0)
  return [{ key: itemId, value: { itemId, newestMs, cells: cellsOf(pages) } }]
}

/** The same for every order of arrival, as long as the row has not overflowed: cells by country and device, empty ones left out. */
const canonicalCells = (pages: Pages): unknown =>
  cellsOf(pages)
    .map(
      ({ country, device, slow, fast }) => [`${country}|${device}`, canonicalSums(slow), canonicalSums(fast)] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
