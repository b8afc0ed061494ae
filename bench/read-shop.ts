/** A Redis as the sink leaves it: items with facts, visitors with a list, a session and what they know already. */
import type { View, ViewWrite } from '../connectors/view.ts'
import { viewWrites } from '../connectors/view-writes.ts'
import { sourceName } from '../retrieval/sources.ts'
import type { ItemFeatures } from '../schemas/item-features.ts'
import { ListColumnWriter } from '../schemas/list-items.ts'
import { topics } from '../schemas/topics.ts'
import { randomOf } from './random.ts'
import { catalogueItem } from './traffic.ts'
import { zipf } from './zipf.ts'

export interface ReadShopSize {
  readonly users: number
  readonly items: number
  readonly candidates: number
  readonly seed: number
}

const BATCH = 1_000
const KNOWN = 40
const RECENT = 3

export async function fillView(view: View, size: ReadShopSize, onProgress: (done: string) => void): Promise<void> {
  const random = randomOf(size.seed)
  const draw = zipf(size.items, 1, random)
  const nowMs = Date.now()
  let waiting: ViewWrite[] = []
  let offset = 0
  const put = async (topic: string, key: string, value: unknown) => {
    const context = { version: { generation: 1, offset: offset++ }, partitions: 1, nowMs, sourceName }
    waiting.push(...viewWrites(topic, { key, partition: 0, timestampMs: nowMs, value }, context))
    if (waiting.length >= BATCH) await flush()
  }
  const flush = async () => {
    await view.write(waiting)
    waiting = []
  }
  const distinct = (count: number) => {
    const items = new Set<number>()
    while (items.size < Math.min(count, size.items / 2)) items.add(draw())
    return Array.from(items, item => `item-${item}`)
  }

  for (let row = 0; row < size.items; row++) {
    const itemId = `item-${row}`
    const statistics = { counts: { click: 1 }, viewedNorm: [], boughtNorm: [], newestMs: nowMs }
    const features: ItemFeatures = { itemId, row, epoch: 1, revision: 1, item: catalogueItem(row, 0), ...statistics }
    await put(topics.itemFeatures.name, itemId, features)
    if (row % 5_000 === 0) onProgress(`items ${row} of ${size.items}`)
  }
  const popular = Array.from({ length: 200 }, (_, rank) => ({ itemId: `item-${rank}`, score: 200 - rank }))
  await put(topics.trending.name, 'popular/all', { kind: 'popular', segment: 'all', asOfMs: nowMs, items: popular })
  for (let user = 0; user < size.users; user++) {
    const visitor = `u:user-${user}`
    const at = { visitor, partition: 0, offset: user, appendedAtMs: nowMs, atMs: nowMs }
    const known = distinct(KNOWN)
    const because = known.slice(0, 20)
    const candidates = distinct(size.candidates)
    const columns = new ListColumnWriter(candidates.length)
    for (const [rank, itemId] of candidates.entries()) {
      columns.add(itemId, 0.9 / (1 + rank / 10), 1 + (rank % 7), rank % 6)
      for (const at of [rank, rank + 1]) columns.addReason(because[at % because.length] as string)
    }
    await put(topics.lists.name, visitor, {
      ...at,
      listId: `list-${user}`,
      builtAtMs: nowMs,
      model: 'bench',
      rung: 'full',
      ...columns.finish(),
    })
    const recent = known.slice(0, RECENT).map(itemId => ({ itemId, type: 'click', atMs: nowMs }))
    const traits = { country: `c${user % 20}`, device: 'mobile', language: null, query: null }
    const session = { sessionStartedAtMs: nowMs, sessionEvents: RECENT, recent, cart: [], positives: KNOWN }
    await put(topics.profiles.name, `hot/${visitor}`, { ...at, hot: { ...session, ...traits }, cold: null })
    const profileItems = known.map(itemId => ({ itemId, strength: 2, lastMs: nowMs, count: 1, negative: false }))
    const cold = { items: profileItems, bought: known.slice(0, 4), shown: [] }
    await put(topics.profiles.name, `cold/${visitor}`, { ...at, hot: null, cold })
    if (user % 1_000 === 0) onProgress(`visitors ${user} of ${size.users}`)
  }
  await flush()
}
