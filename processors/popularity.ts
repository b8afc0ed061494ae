/**
 * Popularity: the positive weight an item got, in half-units, by country and device, fading fast (what is trending) and
 * slowly (what is popular). Integers throughout, so any order of arrival gives the same sums.
 *
 * An item has at most 64 cells; weight from further countries and devices goes to the cell of the unknown ones. Which
 * came first then matters, so the row is marked and left out of the digest.
 */
import { type PopularityCell, type PopularityPage, popularityPage } from '../schemas/popularity-page.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topics } from '../schemas/topics.ts'
import { addUnits, decayedUnits, epochOf } from './decay.ts'
import { defineProcessor, paged, type Step } from './define.ts'
import type { ItemEvent } from './events.ts'
import type { FoldOptions } from './options.ts'

const PAGE_CELLS = 8
const MAX_CELLS = 64
const COALESCE_MS = 1_000

type Pages = readonly PopularityPage[]
type State = { readonly pages: Pages }
type PopularityStep = Step<State, never, Record<never, never>, 'cellsFull'>

export const popularity = (options: FoldOptions) => {
  const { popularHalfLifeMs, trendingHalfLifeMs } = options
  return defineProcessor({
    name: 'popularity',
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: 'popularity',
      parts: { pages: paged(popularityPage) },
      bound: `${MAX_CELLS} cells an item in pages of ${PAGE_CELLS}, at most 8 epochs of either half-life each`,
      canonical: ({ pages }: State) => canonicalCells(pages),
      overflowed: ({ pages }: State) => pages.some(page => page.overflowed),
    },
    tables: [{ topic: topics.popularity, coalesceMs: COALESCE_MS, records: recordOf }],
    counters: { cellsFull: 'weights of a country and device that found no cell of their own' },
    options: { popularHalfLifeMs, trendingHalfLifeMs },
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step({ pages }: State, event: ItemEvent): PopularityStep {
    if (event.kind !== 'deltas') return {}
    let next: Pages = pages
    let cellsFull = 0
    for (const { kind, other, amount } of event.deltas) {
      if (kind !== SIGNAL.popularity) continue
      const [country = '', device = ''] = other.split('|')
      const place = placeOf(next, country, device)
      cellsFull += place.isForeign ? 1 : 0
      next = withWeight(next, place, amount, event.atMs)
    }
    return next === pages ? {} : { state: { pages: next }, count: { cellsFull } }
  }

  function withWeight(pages: Pages, place: Place, amount: number, atMs: number): Pages {
    const page = pages[place.page] ?? { newestMs: 0, overflowed: false, cells: [] }
    const cell = page.cells[place.cell] ?? { country: place.country, device: place.device, slow: [], fast: [] }
    const cells = [...page.cells]
    cells[place.cell] = {
      ...cell,
      slow: addUnits(cell.slow, epochOf(atMs, popularHalfLifeMs), decayedUnits(amount, atMs, popularHalfLifeMs)),
      fast: addUnits(cell.fast, epochOf(atMs, trendingHalfLifeMs), decayedUnits(amount, atMs, trendingHalfLifeMs)),
    }
    const next = [...pages]
    next[place.page] = {
      newestMs: Math.max(page.newestMs, atMs),
      overflowed: page.overflowed || place.isForeign,
      cells,
    }
    return next
  }
}

interface Place {
  readonly page: number
  readonly cell: number
  readonly country: string
  readonly device: string
  /** No cell of its own: the weight goes where it does not belong. */
  readonly isForeign: boolean
}

function placeOf(pages: Pages, country: string, device: string): Place {
  const at = find(pages, country, device)
  if (at !== undefined) return { ...placeAt(at), country, device, isForeign: false }
  const count = pages.reduce((sum, page) => sum + page.cells.length, 0)
  // The last cell is kept for the unknown, so that there is always a place to go.
  if (count < MAX_CELLS - 1 || (country === '' && device === ''))
    return { ...placeAt(count), country, device, isForeign: false }
  return { ...placeAt(find(pages, '', '') ?? count), country: '', device: '', isForeign: true }
}

function find(pages: Pages, country: string, device: string): number | undefined {
  for (const [number, page] of pages.entries())
    for (const [index, cell] of page.cells.entries())
      if (cell.country === country && cell.device === device) return number * PAGE_CELLS + index
  return undefined
}

const placeAt = (at: number) => ({ page: Math.floor(at / PAGE_CELLS), cell: at % PAGE_CELLS })

function recordOf(itemId: string, { pages }: State) {
  const newestMs = pages.reduce((newest, page) => Math.max(newest, page.newestMs), 0)
  return [{ key: itemId, value: { itemId, newestMs, cells: pages.flatMap(page => page.cells) } }]
}

/** Free of the order of arrival: cells by country and device, emptied ones left out. */
function canonicalCells(pages: Pages): unknown {
  const cells: PopularityCell[] = pages
    .flatMap(page => page.cells)
    .filter(cell => cell.slow.length + cell.fast.length > 0)
  const sums = (all: PopularityCell['slow']) => all.map(({ epoch, sum }) => [epoch, sum])
  return cells
    .map(cell => [`${cell.country}|${cell.device}`, sums(cell.slow), sums(cell.fast)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
