/**
 * Co-occurrence: for every item the items it goes with, in three relations, each a processor of its own, so that a change of
 * one is published and digested without the others. What is counted is in `signals.ts`; here the counts are added up as
 * decayed integers (`decay.ts`), which any order of arrival leaves the same and a negative amount takes back.
 *
 * - viewed-with: growth of the strength of a pair, half-units;
 * - next: sixths, 6 for the item right after, 3 and 2 for the second and third;
 * - bought-with: orders that held both.
 */
import { neighbourPage, type NeighbourPage } from '../schemas/neighbour-page.ts'
import type { Neighbours } from '../schemas/neighbours.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topics } from '../schemas/topics.ts'
import { decayedUnits, epochOf, KEPT_EPOCHS } from './decay.ts'
import { defineProcessor, paged, type Step } from './define.ts'
import { type ItemEvent, tells } from './events.ts'
import { RowIndexes } from './neighbour-row-index.ts'
import { addToRow, canonicalRow, hasOverflowed, newestOf, type RowDelta, slotsOf } from './neighbour-row.ts'
import type { FoldOptions } from './options.ts'

const KINDS = { 'viewed-with': SIGNAL.viewedWith, next: SIGNAL.next, 'bought-with': SIGNAL.boughtWith }
export type NeighbourRelation = keyof typeof KINDS

/** An event changes some twenty rows, and each costs a ranking, a broadcast and a write to the view: a row waits long. */
const COALESCE_MS = 10_000

type State = { readonly pages: readonly NeighbourPage[] }
type RelationStep = Step<State, never, Record<never, never>, 'replaced'>

export const coOccurrence = (relation: NeighbourRelation, { pairHalfLifeMs, maxNeighbours }: FoldOptions) => {
  const kind = KINDS[relation]
  const indexes = new RowIndexes()
  return defineProcessor({
    name: relation,
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: relation,
      parts: { pages: paged(neighbourPage) },
      bound: `${maxNeighbours} neighbours in pages of 16, each with ${KEPT_EPOCHS} sums and as many of an error`,
      canonical: ({ pages }: State) => canonicalRow(pages),
      overflowed: ({ pages }: State) => hasOverflowed(pages),
    },
    tables: [{ topic: topics.neighbours, coalesceMs: COALESCE_MS, records }],
    counters: { replaced: 'neighbours of a full row that made room for a new one' },
    options: { pairHalfLifeMs, maxNeighbours },
    wants: event => tells(event, kind),
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step({ pages }: State, event: ItemEvent): RelationStep {
    if (event.kind !== 'deltas') return {}
    const deltas: RowDelta[] = []
    for (const { kind: of, other, amount } of event.deltas)
      if (of === kind && amount !== 0)
        deltas.push({ itemId: other, units: decayedUnits(amount, event.atMs, pairHalfLifeMs) })
    if (deltas.length === 0) return {}
    const epoch = epochOf(event.atMs, pairHalfLifeMs)
    const index = indexes.of(event.itemId, pages)
    const { pages: next, replaced } = addToRow(pages, index, deltas, epoch, event.atMs, maxNeighbours)
    return { state: { pages: next }, count: { replaced } }
  }

  function records(itemId: string, { pages }: State): { key: string; value: Neighbours }[] {
    const value = {
      itemId,
      relation,
      newestMs: newestOf(pages),
      overflowed: hasOverflowed(pages),
      slots: slotsOf(pages),
    }
    return [{ key: `${relation}/${itemId}`, value }]
  }
}
