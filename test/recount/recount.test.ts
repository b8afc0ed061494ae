/**
 * The state of the real graph against a recount of its log by other code, row by row, and the digests of the state over
 * partition counts and sizes of batches. The recount was written from the documents of the processors, not from their code.
 */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { movietweetings } from '../../connectors/mappings/movietweetings.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { defaultFolds } from '../../processors/options.ts'
import { item } from '../../schemas/item.ts'
import type { StoreDigest } from '../../topology/digest.ts'
import { START_MS } from '../topology/driver.ts'
import { assertRecount } from './compare.ts'
import { edgesOf } from './edges.ts'
import { type CatalogueChange, outcomeOf, type Workload } from './outcome.ts'
import { streamOf } from './stream.ts'

const RUNS = [
  { partitions: 1, maxBatchRecords: 500 },
  { partitions: 4, maxBatchRecords: 7 },
  { partitions: 12, maxBatchRecords: 61 },
]

async function assertAgrees(context: TestContext, work: Workload): Promise<void> {
  let first: StoreDigest[] | undefined
  for (const { partitions, maxBatchRecords } of RUNS) {
    const outcome = await outcomeOf(work, partitions, maxBatchRecords)
    const overflows = assertRecount(work, outcome, partitions)
    context.diagnostic(
      `${partitions} partitions: ${outcome.log.length} records; overflowed ${JSON.stringify(overflows)}`,
    )
    first ??= outcome.digests
    assert.deepEqual(outcome.digests, first, `digests with ${partitions} partitions`)
  }
}

async function tweetedRatings(count: number): Promise<Workload> {
  const directory = fileURLToPath(new URL('../../data/movietweetings', import.meta.url))
  const events = []
  for await (const value of movietweetings.events(directory, new Map())) {
    events.push({ key: value.userId ?? '', value })
    if (events.length === count) break
  }
  const bursts = []
  for (let n = 0; n < events.length; n += 150)
    bursts.push({ isLive: true, afterMs: 40, events: events.slice(n, n + 150) })
  const rated = new Set(events.map(one => one.value.itemId))
  const catalogue: CatalogueChange[] = []
  for await (const row of movietweetings.items?.(directory) ?? [])
    if ('id' in row && rated.has(row.id)) catalogue.push([row.id, row.value])
  return { folds: defaultFolds, bursts, catalogue }
}

const DAY_MS = 86_400_000
const titled = (title: string) => withDefaults(item, { title, categories: ['c'] })
const CATALOGUE: CatalogueChange[] = [
  ['i1', titled('one')],
  ['never touched', titled('two')],
  ['gone before it was there', null],
  ['i1', titled('one, again')],
  ['i2', titled('forgotten')],
  ['__proto__', titled('odd')],
  ['i2', null],
]

describe('state against a recount of the log', () => {
  it('3,000 ratings of MovieTweetings, over 1, 4 and 12 partitions', async context => {
    await assertAgrees(context, await tweetedRatings(3_000))
  })

  it('events at every limit and one past it', async context => {
    const events = edgesOf(START_MS - 100 * DAY_MS, defaultFolds)
    await assertAgrees(context, { folds: defaultFolds, bursts: [{ isLive: true, afterMs: 0, events }], catalogue: [] })
  })

  for (const seed of [1, 2])
    it(`a stream that reaches every case, seed ${seed}`, async context => {
      const weights = { ...defaultFolds.weights, hover: 0, constructor: 1.5 }
      const folds = { ...defaultFolds, weights, maxNeighbours: seed === 1 ? 512 : 24 }
      await assertAgrees(context, { folds, bursts: streamOf(seed, START_MS, 2_000), catalogue: CATALOGUE })
    })
})
