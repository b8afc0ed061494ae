/**
 * Item features: what the catalogue says of an item, its dense row, its events counted by type, and the norms its pairs are
 * divided by. A change of the catalogue is published at once, counts with it or within five seconds.
 *
 * The row is the item's number in its partition, in order of first mention, times the partitions plus the partition. An item keeps it, also
 * when the catalogue forgets the item: its last facts stay, as those of an item that is not available. It depends on the order of arrival and the catalogue is its own source, so the
 * digest holds neither: counts and norms only.
 */
import { type CataloguedItem, cataloguedItem } from '../schemas/catalogued-item.ts'
import type { ItemFeatures } from '../schemas/item-features.ts'
import { type ItemStatistics, itemStatistics } from '../schemas/item-statistics.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topics } from '../schemas/topics.ts'
import { addUnits, decayedUnits, epochOf, KEPT_EPOCHS } from './decay.ts'
import { defineProcessor, single, type Step, type StepContext } from './define.ts'
import type { ItemDeltas, ItemEvent } from './events.ts'
import { canonicalSums } from './neighbour-row.ts'
import type { FoldOptions } from './options.ts'

const COALESCE_MS = 5000
/** Raised when rows are given out anew; packed values of another epoch are misses. */
const DICTIONARY_EPOCH = 0
const NONE: ItemStatistics = { newestMs: 0, counts: {}, viewedNorm: [], boughtNorm: [] }

type State = { readonly facts: CataloguedItem | undefined; readonly statistics: ItemStatistics | undefined }
const outputs = { itemFeatures: topics.itemFeatures }
type FeaturesStep = Step<State, never, typeof outputs, never>

export const itemFeatures = ({ pairHalfLifeMs }: FoldOptions) => {
  return defineProcessor({
    name: 'item-features',
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: 'item-features',
      parts: { facts: single(cataloguedItem), statistics: single(itemStatistics) },
      bound: `a catalogue record, a count a type and two norms of ${KEPT_EPOCHS} sums`,
      canonical: ({ statistics = NONE }: State) => [
        Object.entries(statistics.counts).sort(([a], [b]) => (a < b ? -1 : 1)),
        canonicalSums(statistics.viewedNorm),
        canonicalSums(statistics.boughtNorm),
      ],
    },
    outputs,
    tables: [{ topic: topics.itemFeatures, coalesceMs: COALESCE_MS, records }],
    counters: {},
    options: { pairHalfLifeMs },
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step(state: State, event: ItemEvent, context: StepContext): FeaturesStep {
    const facts = state.facts ?? { row: rowOf(context), epoch: DICTIONARY_EPOCH, revision: 0, item: null }
    if (event.kind === 'catalogue') {
      const item = event.item ?? (facts.item && { ...facts.item, available: false })
      const next = { facts: { ...facts, revision: facts.revision + 1, item }, statistics: state.statistics }
      return { state: next, publish: { itemFeatures: records(event.itemId, next) } }
    }
    const statistics = counted(state.statistics, event)
    if (state.facts && statistics === state.statistics) return {}
    return { state: { facts, statistics } }
  }

  function counted(last: ItemStatistics | undefined, { deltas, atMs }: ItemDeltas): ItemStatistics | undefined {
    let next: ItemStatistics | undefined
    for (const { kind, other, amount } of deltas) {
      if (amount === 0) continue
      if (kind === SIGNAL.count) own().counts = withCount(own().counts, other, amount)
      else if (kind === SIGNAL.viewedNorm) own().viewedNorm = grown(own().viewedNorm, amount, atMs)
      else if (kind === SIGNAL.boughtNorm) own().boughtNorm = grown(own().boughtNorm, amount, atMs)
    }
    return next ?? last

    function own(): ItemStatistics {
      next ??= { ...(last ?? NONE), newestMs: Math.max(last?.newestMs ?? 0, atMs) }
      return next
    }
  }

  function grown(sums: ItemStatistics['viewedNorm'], amount: number, atMs: number) {
    return addUnits(sums, epochOf(atMs, pairHalfLifeMs), decayedUnits(amount, atMs, pairHalfLifeMs))
  }
}

const rowOf = ({ storeSize, partition, partitions }: StepContext): number => storeSize * partitions + partition

/** A count of 0 is no count, so that what was taken back leaves no trace. */
function withCount(counts: Readonly<Record<string, number>>, type: string, amount: number): Record<string, number> {
  const next = { ...counts, [type]: (Object.hasOwn(counts, type) ? (counts[type] as number) : 0) + amount }
  if (next[type] === 0) delete next[type]
  return next
}

function records(itemId: string, { facts, statistics = NONE }: State): { key: string; value: ItemFeatures }[] {
  if (!facts) return []
  const { newestMs, counts, viewedNorm, boughtNorm } = statistics
  return [{ key: itemId, value: { itemId, ...facts, counts, viewedNorm, boughtNorm, newestMs } }]
}
