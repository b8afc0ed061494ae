/**
 * The job that `beside-streams.ts` gives to both sides, for Freshet's runtime: events by user → the user's last 20 distinct
 * items → every pair by item, in both directions → exact counts → the top 100 of each item → changed lists.
 *
 * An event on item i makes, with each of the user's last 20 distinct items j other than i, the pairs (i, j) and (j, i).
 */
import { readFileSync } from 'node:fs'
import { defineProcessor, paged, single, type Step } from '../processors/define.ts'
import type { Arrival, ItemDeltas, ItemEvent } from '../processors/events.ts'
import { type IdList, idList } from '../schemas/id-list.ts'
import { recordSchemaOf } from '../schemas/record.ts'
import { SIGNAL, type Signal } from '../schemas/signals.ts'
import { type Topic, topics } from '../schemas/topics.ts'
import { type AnyTopic, type Topology, topology } from '../topology/graph.ts'
import { type CountPage, countPage, type RowView, RowViews } from './beside-streams-row.ts'

export const LAST_ITEMS = 20
export const LISTED = 100
const PAIR = SIGNAL.viewedWith
/** Not a count here: `amount` is the offset of an event on the item, `other` its partition. */
const POSITION = SIGNAL.count

/** What both sides publish; `kstreams/top-list.avsc` has the words. */
export interface TopList {
  upTo: number[]
  pairs: number
  items: string[]
  counts: number[]
}

const listSource = readFileSync(new URL('kstreams/top-list.avsc', import.meta.url), 'utf8')
export const topLists: Topic<TopList> = {
  name: 'top-lists.v1',
  kind: 'table',
  schema: recordSchemaOf<TopList>('top-list', listSource),
  by: 'item',
  key: 'itemId',
  retentionMs: -1,
  appendTime: false,
}

/** By partition of the events: offset of the last one on this item that is counted, −1 for none. */
interface Positions {
  upTo: number[]
}
const positions = recordSchemaOf<Positions>(
  'positions',
  JSON.stringify({
    type: 'record',
    name: 'Positions',
    fields: [{ name: 'upTo', type: { type: 'array', items: 'long' } }],
  }),
)

type None = Record<never, never>
type Recent = { readonly items: IdList | undefined }

const lastItems = defineProcessor({
  name: 'last-items',
  version: 1,
  class: 'D',
  input: 'stage',
  store: { name: 'last-items', parts: { items: single(idList) }, bound: `${LAST_ITEMS} items` },
  counters: {},
  key: ({ value }: Arrival): string => value.userId ?? '',
  step({ items }: Recent, { value, origin }: Arrival): Step<Recent, never, None, never> {
    const itemId = value.itemId ?? ''
    const others = (items?.ids ?? []).filter(id => id !== itemId)
    const deltas: Signal[] = []
    for (const other of others) {
      deltas.push({ itemId, kind: PAIR, other, amount: 1 })
      deltas.push({ itemId: other, kind: PAIR, other: itemId, amount: 1 })
    }
    if (deltas.length > 0)
      deltas.push({ itemId, kind: POSITION, other: String(origin.partition), amount: origin.offset })
    const ids = others.concat(itemId).slice(-LAST_ITEMS)
    return { state: { items: { ids } }, signals: { atMs: value.occurredAt, deltas } }
  },
})

interface Row {
  readonly pages: readonly CountPage[]
  readonly positions: Positions | undefined
}

/** For one process: it keeps the views of its rows. */
const pairCounts = () => {
  const views = new RowViews(LISTED)
  return defineProcessor({
    name: 'pair-counts',
    version: 1,
    class: 'C',
    input: 'stage',
    store: {
      name: 'pair-counts',
      parts: { pages: paged(countPage), positions: single(positions) },
      bound: 'as many counts as there are items, in pages of 16',
      canonical: ({ pages }: Row) => canonicalRow(pages),
    },
    tables: [
      {
        topic: topLists,
        coalesceMs: 0, // with the commit that counted them
        records: (itemId: string, row: Row) => [{ key: itemId, value: listOf(row, views.of(itemId, row.pages)) }],
      },
    ],
    counters: {},
    key: ({ itemId }: ItemEvent): string => itemId,
    step(row: Row, event: ItemEvent): Step<Row, never, None, never> {
      const { itemId, deltas } = event as ItemDeltas
      const view = views.of(itemId, row.pages)
      const pages = view.next()
      let reached = row.positions
      for (const { kind, other, amount } of deltas)
        if (kind === POSITION) reached = withPosition(reached, Number(other), amount)
        else view.add(pages, other, amount)
      return { state: { pages, positions: reached } }
    },
  })
}

/** The greater offset stays, so that any order of arrival gives the same. */
function withPosition(before: Positions | undefined, partition: number, offset: number): Positions {
  const upTo = before?.upTo.slice() ?? []
  while (upTo.length <= partition) upTo.push(-1)
  upTo[partition] = Math.max(upTo[partition] as number, offset)
  return { upTo }
}

const listOf = ({ positions: known }: Row, { best, pairs }: RowView): TopList => ({
  upTo: known?.upTo ?? [],
  pairs,
  items: best.items.slice(),
  counts: best.counts.slice(),
})

const canonicalRow = (pages: readonly CountPage[]): [other: string, count: number][] =>
  pages
    .flatMap(({ others, counts }) => others.map((other, slot): [string, number] => [other, counts[slot] as number]))
    .sort(([a], [b]) => (a < b ? -1 : 1))

export const pairTopology = (): Topology =>
  topology({
    sources: [topics.interactions],
    stages: [
      {
        name: 'user',
        inputs: [topics.interactions],
        processors: [lastItems],
        signalsTo: topics.signals,
        eventsOf: (_topic: AnyTopic, key: string | null, value, origin) => [{ value, key, origin }],
      },
      {
        name: 'item',
        inputs: [topics.signals],
        framedInput: topics.signals,
        processors: [pairCounts()],
        eventsOf: () => [],
      },
    ],
    views: [],
    sink: [],
  })
