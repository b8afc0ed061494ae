/**
 * Item features: what the catalogue says of an item, its dense row, and what is counted of it: events by type, and the
 * norms its pairs are divided by. A change of the catalogue is published at once, counts every five seconds.
 *
 * The row is the item's number in its partition, first come, times the partitions plus the partition; it is never reused.
 * It depends on the order of arrival, so the digest leaves it out.
 */
import { type CataloguedItem, cataloguedItem } from '../schemas/catalogued-item.ts'
import type { ItemFeatures } from '../schemas/item-features.ts'
import { type ItemStatistics, itemStatistics } from '../schemas/item-statistics.ts'
import { SIGNAL } from '../schemas/signals.ts'
import { topics } from '../schemas/topics.ts'
import { addUnits, decayedUnits, epochOf } from './decay.ts'
import { defineProcessor, type StepContext, single, type Step } from './define.ts'
import type { ItemDeltas, ItemEvent } from './events.ts'
import type { FoldOptions } from './options.ts'

const COALESCE_MS = 5_000
const DICTIONARY_EPOCH = 0

type State = { readonly facts: CataloguedItem | undefined; readonly statistics: ItemStatistics | undefined }
const outputs = { itemFeatures: topics.itemFeatures }
type FeaturesStep = Step<State, never, typeof outputs, never>

const NOTHING: ItemStatistics = { newestMs: 0, counts: {}, viewedNorm: [], boughtNorm: [] }

export const itemFeatures = (options: FoldOptions) => {
  const { pairHalfLifeMs } = options
  return defineProcessor({
    name: 'item-features',
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: 'item-features',
      parts: { facts: single(cataloguedItem), statistics: single(itemStatistics) },
      bound: 'one row an item: its catalogue record, a count a type, two norms of at most 8 epochs',
      canonical: ({ facts, statistics }: State) => [facts?.item ?? null, canonicalStatistics(statistics ?? NOTHING)],
    },
    outputs,
    tables: [
      {
        topic: topics.itemFeatures,
        coalesceMs: COALESCE_MS,
        records: (itemId: string, state: State) => [{ key: itemId, value: recordOf(itemId, state) }],
      },
    ],
    counters: {},
    options: { pairHalfLifeMs },
    key: ({ itemId }: ItemEvent): string => itemId,
    step,
  })

  function step(state: State, event: ItemEvent, context: StepContext): FeaturesStep {
    const facts = state.facts ?? { row: rowOf(context), epoch: DICTIONARY_EPOCH, item: null }
    if (event.kind === 'deltas') return { state: { facts, statistics: counted(state.statistics ?? NOTHING, event) } }
    const next = { facts: { ...facts, item: event.item }, statistics: state.statistics }
    return { state: next, publish: { itemFeatures: [{ key: event.itemId, value: recordOf(event.itemId, next) }] } }
  }

  function counted(last: ItemStatistics, { deltas, atMs }: ItemDeltas): ItemStatistics {
    const counts = { ...last.counts }
    let { viewedNorm, boughtNorm } = last
    const epoch = epochOf(atMs, pairHalfLifeMs)
    for (const { kind, other, amount } of deltas) {
      if (kind === SIGNAL.count) counts[other] = (counts[other] ?? 0) + amount
      else if (kind === SIGNAL.viewedNorm)
        viewedNorm = addUnits(viewedNorm, epoch, decayedUnits(amount, atMs, pairHalfLifeMs))
      else if (kind === SIGNAL.boughtNorm)
        boughtNorm = addUnits(boughtNorm, epoch, decayedUnits(amount, atMs, pairHalfLifeMs))
    }
    return { newestMs: Math.max(last.newestMs, atMs), counts, viewedNorm, boughtNorm }
  }
}

const rowOf = ({ storeSize, partition, partitions }: StepContext) => storeSize * partitions + partition

function recordOf(itemId: string, { facts, statistics }: State): ItemFeatures {
  const { newestMs, counts, viewedNorm, boughtNorm } = statistics ?? NOTHING
  const { row = 0, epoch = DICTIONARY_EPOCH, item = null } = facts ?? {}
  return { itemId, row, epoch, item, counts, viewedNorm, boughtNorm, newestMs }
}

function canonicalStatistics({ newestMs, counts, viewedNorm, boughtNorm }: ItemStatistics): unknown {
  const sums = (all: ItemStatistics['viewedNorm']) => all.map(({ epoch, sum }) => [epoch, sum])
  const types = Object.entries(counts).filter(([, count]) => count !== 0)
  return [newestMs, types.sort(([a], [b]) => (a < b ? -1 : 1)), sums(viewedNorm), sums(boughtNorm)]
}
