/**
 * Co-occurrence: for every item the items it goes with, in three relations, each a processor of its own over the same
 * events. Counts are decayed integers (`decay.ts`), so any order of arrival gives the same sums and a negative amount takes
 * back exactly.
 *
 * A row grows to `maxNeighbours` slots. After that Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005) gives the slot
 * of least decayed weight, ties to the smaller id, to the newcomer, which inherits its sums and carries them as its
 * error. Such a row depends on the order of arrival: it is marked for ever and left out of the digest.
 */
import { topics } from '../schemas/topics.ts'
import { type NeighbourPage, type NeighbourSlot, neighbourPage } from '../schemas/neighbour-page.ts'
import { SIGNAL, type SignalKind } from '../schemas/signals.ts'
import { addUnits, decayedUnits, decayedWeight, epochOf } from './decay.ts'
import { defineProcessor, paged, type Step } from './define.ts'
import type { ItemDeltas, ItemEvent } from './events.ts'
import type { FoldOptions } from './options.ts'

export type Relation = 'viewed-with' | 'next' | 'bought-with'

const KINDS: Readonly<Record<Relation, SignalKind>> = {
  'viewed-with': SIGNAL.viewedWith,
  next: SIGNAL.next,
  'bought-with': SIGNAL.boughtWith,
}
const PAGE_SLOTS = 16
const COALESCE_MS = 5_000

type Pages = readonly NeighbourPage[]
type State = { readonly pages: Pages }
type CoOccurrenceStep = Step<State, never, Record<never, never>, 'overflowed'>

/** Where each neighbour stands, for the newest version of a row. An older one, after an undo, is looked through again. */
const places = new WeakMap<Pages, Map<string, number>>()

export const coOccurrence = (relation: Relation, options: FoldOptions) => {
  const { pairHalfLifeMs, maxNeighbours } = options
  const kind = KINDS[relation]
  return defineProcessor({
    name: relation,
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: relation,
      parts: { pages: paged(neighbourPage) },
      bound: `${maxNeighbours} neighbours an item in pages of ${PAGE_SLOTS}, at most 8 epochs each`,
      canonical: ({ pages }: State) => canonicalRow(pages),
      overflowed: ({ pages }: State) => pages.some(page => page.overflowed),
    },
    tables: [{ topic: topics.neighbours, coalesceMs: COALESCE_MS, records: recordOf }],
    counters: { overflowed: 'neighbours that took the slot of another' },
    options: { pairHalfLifeMs, maxNeighbours },
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step({ pages }: State, event: ItemEvent): CoOccurrenceStep {
    if (event.kind !== 'deltas' || !event.deltas.some(delta => delta.kind === kind)) return {}
    const next = [...pages]
    const place = places.get(pages) ?? placesOf(pages)
    const fresh = new Set<number>()
    let overflowed = 0
    for (const delta of event.deltas) {
      if (delta.kind !== kind) continue
      overflowed += add(next, place, fresh, event, delta) ? 1 : 0
    }
    places.delete(pages)
    places.set(next, place)
    return { state: { pages: next }, count: { overflowed } }
  }

  /** @param fresh - pages copied in this step already. @returns whether another neighbour lost its slot */
  function add(
    next: NeighbourPage[],
    place: Map<string, number>,
    fresh: Set<number>,
    { atMs }: ItemDeltas,
    delta: ItemDeltas['deltas'][number],
  ): boolean {
    const units = decayedUnits(delta.amount, atMs, pairHalfLifeMs)
    const epoch = epochOf(atMs, pairHalfLifeMs)
    const known = place.get(delta.other)
    const isFull = known === undefined && place.size >= maxNeighbours
    const at = known ?? (isFull ? leastOf(next, Math.max(atMs, newestOf(next))) : place.size)
    const page = pageToWrite(next, fresh, Math.floor(at / PAGE_SLOTS))
    const old = page.slots[at % PAGE_SLOTS]
    const sums = addUnits(old?.sums ?? [], epoch, units)
    const error = isFull ? (old?.sums ?? []).reduce((sum, one) => sum + one.sum, 0) : (old?.error ?? 0)
    page.slots[at % PAGE_SLOTS] = { itemId: delta.other, sums, error }
    page.newestMs = Math.max(page.newestMs, atMs)
    if (isFull) {
      page.overflowed = true
      place.delete(old?.itemId ?? '')
    }
    place.set(delta.other, at)
    return isFull
  }

  /** @returns the slot of least decayed weight at `atMs`, of equals the one with the smaller id */
  function leastOf(pages: Pages, atMs: number): number {
    let least = 0
    let leastWeight = Number.POSITIVE_INFINITY
    let leastId = ''
    pages.forEach((page, number) => {
      page.slots.forEach((slot, index) => {
        const weight = decayedWeight(slot.sums, atMs, pairHalfLifeMs)
        if (weight > leastWeight || (weight === leastWeight && slot.itemId >= leastId)) return
        least = number * PAGE_SLOTS + index
        leastWeight = weight
        leastId = slot.itemId
      })
    })
    return least
  }

  function recordOf(itemId: string, { pages }: State) {
    const slots = pages.flatMap(page => page.slots).filter(slot => slot.sums.length > 0)
    const value = {
      itemId,
      relation,
      newestMs: newestOf(pages),
      overflowed: pages.some(page => page.overflowed),
      slots,
    }
    return [{ key: `${relation}/${itemId}`, value }]
  }
}

function pageToWrite(next: NeighbourPage[], fresh: Set<number>, number: number): NeighbourPage {
  const old = next[number]
  if (old && fresh.has(number)) return old
  const page: NeighbourPage = old ? { ...old, slots: [...old.slots] } : { newestMs: 0, overflowed: false, slots: [] }
  next[number] = page
  fresh.add(number)
  return page
}

const newestOf = (pages: Pages) => pages.reduce((newest, page) => Math.max(newest, page.newestMs), 0)

function placesOf(pages: Pages): Map<string, number> {
  const place = new Map<string, number>()
  pages.forEach((page, number) => {
    for (const [index, slot] of page.slots.entries()) place.set(slot.itemId, number * PAGE_SLOTS + index)
  })
  return place
}

/** Free of the order of arrival: neighbours by id; one whose counts were all taken back is as if it had never come. */
function canonicalRow(pages: Pages): unknown {
  const slots: NeighbourSlot[] = pages.flatMap(page => page.slots).filter(slot => slot.sums.length > 0)
  return slots
    .map(slot => [slot.itemId, slot.sums.map(({ epoch, sum }) => [epoch, sum])] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
