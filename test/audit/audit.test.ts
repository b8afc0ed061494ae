/** The audit over the real graph on the simulated log: equal where the chain counted right, and what it says where not. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type AuditResult, audit } from '../../audit/audit.ts'
import type { Difference } from '../../audit/rows.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { defaultFolds } from '../../processors/options.ts'
import { interaction } from '../../schemas/interaction.ts'
import { item } from '../../schemas/item.ts'
import type { Rejected } from '../../schemas/rejected.ts'
import { topics } from '../../schemas/topics.ts'
import { APPENDED_AT_HEADER } from '../../topology/record-headers.ts'
import { type ChangelogEntry, dataKey, progressKey, readEntry } from '../../topology/changelog.ts'
import { changelogName, type Stage, type Topology } from '../../topology/graph.ts'
import type { OutRecord } from '../../topology/log-port.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { recommender } from '../../topology/recommender.ts'
import { streamOf } from '../recount/stream.ts'
import { Driver, START_MS } from '../topology/driver.ts'

const folds = { ...defaultFolds, weights: { ...defaultFolds.weights, hover: 0, constructor: 1.5 }, maxNeighbours: 24 }
const graph: Topology = { ...recommender(folds, {}), views: [], sink: [] }
const [user, items] = graph.stages as [Stage, Stage]
const events = streamOf(1, START_MS, 1_200).flatMap(burst => burst.events)

class Shop {
  readonly driver: Driver
  constructor(driver: Driver) {
    this.driver = driver
  }

  async audit(only?: 'user' | 'item', options = folds): Promise<{ result: AuditResult; found: Difference[] }> {
    const found: Difference[] = []
    const { log, wire } = this.driver
    const result = await audit({
      log,
      wire,
      nameOf: topic => topic.name,
      folds: options,
      user,
      item: items,
      only,
      onProgress: () => {},
      onDifference: one => found.push(one),
    })
    assert.equal(
      result.stores.reduce((sum, one) => sum + one.differences, 0),
      found.length,
    )
    return { result, found }
  }

  /** All records of the changelog of a stage, decoded. */
  async changelog(stage: Stage): Promise<(ChangelogEntry & { partition: number })[]> {
    const entries: (ChangelogEntry & { partition: number })[] = []
    await readToEnd(this.driver.log, [changelogName(stage)], ({ key, value, partition }) =>
      entries.push({ ...readEntry(key, value), partition }),
    )
    return entries
  }
}

async function shopOf(t: TestContext, { partitions = 4, maxBatchRecords = 50 } = {}): Promise<Shop> {
  const driver = await Driver.open(graph, { partitions, maxBatchRecords })
  t.after(() => driver.close())
  return new Shop(driver)
}

/** Everything processed and committed. */
async function counted(t: TestContext, options?: { partitions?: number }): Promise<Shop> {
  const shop = await shopOf(t, options)
  await shop.driver.start()
  await shop.driver.publish(topics.items, [
    { key: 'i1', value: withDefaults(item, { title: 'one' }) },
    { key: 'i2', value: withDefaults(item, { title: 'two' }) },
    { key: 'i2', value: null },
    { key: 'unseen', value: withDefaults(item, { title: 'three' }) },
  ])
  await shop.driver.publish(topics.interactions, events)
  await shop.driver.settle(6_000)
  return shop
}

describe('audit', () => {
  for (const partitions of [1, 4])
    it(`finds no difference where the chain counted right, on ${partitions} partitions`, async t => {
      const { result, found } = await (await counted(t, { partitions })).audit()
      assert.deepEqual(found, [])
      assert.equal(result.interactions, events.length)
      const rows = Object.fromEntries(result.stores.map(one => [one.store, one.rows > 0]))
      const names = ['admission', 'session', 'profile', 'pairs', 'rejected', 'viewed-with', 'next', 'bought-with']
      const all = [...names, 'popularity', 'item-features', 'catalogue']
      assert.deepEqual(rows, Object.fromEntries(all.map(name => [name, true])))
      assert(result.stores.some(one => one.overflowed > 0))
      assert.deepEqual([result.takenOver, result.cut], [0, []])
    })

  it('finds none at any moment while the chain runs, each state as of its own progress', async t => {
    const shop = await shopOf(t, { maxBatchRecords: 100 })
    const process = await shop.driver.start()
    const seen = new Set<number>()
    for (let from = 0; from < events.length; from += 40) {
      await shop.driver.publish(topics.interactions, events.slice(from, from + 40))
      await shop.driver.turn(50)
      if (from % 200 !== 0) continue
      const { result, found } = await shop.audit()
      assert.deepEqual(found, [])
      seen.add(result.interactions)
    }
    assert(seen.size > 4, 'it looked at several moments')
    assert.deepEqual(process.fatal, [])
  })

  it('looks at one stage alone', async t => {
    const shop = await counted(t)
    const of = async (stage: 'user' | 'item') => (await shop.audit(stage)).result.stores
    assert.deepEqual(new Set((await of('user')).map(one => one.stage)), new Set(['user']))
    const stores = await of('item')
    assert.deepEqual(new Set(stores.map(one => one.stage)), new Set(['item']))
    assert(stores.every(one => one.differences === 0 && one.rows > 0))
  })

  it('names store and key of a counter that is wrong, of a row that is gone, and of one that nothing made', async t => {
    const shop = await counted(t)
    const changelog = changelogName(items)
    const statistics = (await shop.changelog(items)).findLast(
      entry => entry.kind === 'data' && entry.slot === 5 && entry.value !== null,
    )
    assert(statistics?.kind === 'data')
    const page = { topic: changelog, partition: statistics.partition }
    const { statistics: part } = items.processors[4]?.store?.parts ?? {}
    const value = part.schema.decode(statistics.value) as { counts: Record<string, number> }
    const [type = ''] = Object.keys(value.counts)
    const wrong = { ...value, counts: { ...value.counts, [type]: 999 } }
    await shop.driver.log.produce([
      { ...page, key: dataKey(5, 0, statistics.key), value: part.schema.encode(wrong) },
      { ...page, key: dataKey(5, 0, 'invented'), value: part.schema.encode(value) },
    ])
    const [first, second, ...others] = (await shop.audit('item')).found
    assert.deepEqual(others, [])
    assert.deepEqual([first?.store, first?.key], ['item-features', statistics.key])
    assert.match(JSON.stringify(first?.got), /999/)
    assert.deepEqual([second?.key, second?.wanted], ['invented', undefined])
    const gone = (await shop.changelog(user)).find(entry => entry.kind === 'data' && entry.slot === 1)
    assert(gone?.kind === 'data')
    const tombstone = {
      topic: changelogName(user),
      partition: gone.partition,
      key: dataKey(1, 0, gone.key),
      value: null,
    }
    await shop.driver.log.produce([tombstone])
    const [session, ...rest] = (await shop.audit('user')).found
    assert.deepEqual([session?.store, session?.key, rest], ['session', gone.key, []])
  })

  it('compares what was set aside: a verdict too many, one too few, one under another code', async t => {
    const shop = await counted(t, { partitions: 1 })
    const [one, ...more] = (await shop.driver.read<Rejected>(topics.rejected)).filter(
      ({ value }) => value?.code === 'DUPLICATE_EVENT',
    )
    assert(one?.value && more.length > 0)
    const place = `interactions.v1[0]@${one.value.offset}`
    const value = shop.driver.wire.encode(topics.rejected, { ...one.value, code: 'BOT_TRAFFIC' })
    await shop.driver.log.produce([{ topic: topics.rejected.name, partition: 0, key: null, value }])
    const { found } = await shop.audit('user')
    const got = 'DUPLICATE_EVENT, BOT_TRAFFIC'
    assert.deepEqual(found, [{ stage: 'user', store: 'rejected', key: place, wanted: 'DUPLICATE_EVENT', got }])
  })

  it('takes a handler that failed from rejected.v1, and everything else that follows from it', async t => {
    const broken: Stage = {
      ...user,
      processors: user.processors.map(one =>
        one.name === 'profile'
          ? {
              ...one,
              step(state, event, context) {
                if (event.admitted.itemId === 'broken') throw new Error('a defect')
                return one.step(state, event, context)
              },
            }
          : one,
      ),
    }
    const shop = await shopOf(t)
    await shop.driver.start(undefined, { topology: { ...graph, stages: [broken, items] } })
    const failing = ['1', '2', 'new'].map(userId => ({
      key: userId,
      value: withDefaults(interaction, {
        eventId: `broken ${userId}`,
        userId,
        type: 'view',
        itemId: 'broken',
        occurredAt: START_MS,
      }),
    }))
    await shop.driver.publish(topics.interactions, [...events.slice(0, 600), ...failing, ...events.slice(600)])
    await shop.driver.settle(2_000)
    const { result, found } = await shop.audit()
    assert.deepEqual(found, [])
    assert.equal(result.takenOver, 3)
  })

  it('counts a record by the append time in its header, and refuses one that lies in a foreign partition', async t => {
    const shop = await shopOf(t)
    await shop.driver.start()
    const [{ key, value }] = events as [(typeof events)[number]]
    const record = (partition: number, occurredAt: number, headers: OutRecord['headers'] = {}): OutRecord => ({
      topic: topics.interactions.name,
      partition,
      key: Buffer.from(key),
      value: shop.driver.wire.encode(topics.interactions, {
        ...value,
        eventId: `${occurredAt}`,
        occurredAt,
        sentAt: null,
      }),
      headers,
    })
    const all = [0, 1, 2, 3].map(partition =>
      record(partition, START_MS + 3_600_000, { [APPENDED_AT_HEADER]: Buffer.from(String(START_MS + 3_600_000)) }),
    )
    await shop.driver.log.produce([...all, ...[0, 1, 2, 3].map(partition => record(partition, START_MS + 7_200_000))])
    await shop.driver.settle(2_000)
    const codes = (await shop.driver.read<Rejected>(topics.rejected)).map(one => one.value?.code)
    assert.deepEqual(codes.toSorted(), [...Array(6).fill('MISPLACED_KEY'), 'FUTURE_TIME'].toSorted())
    const { found } = await shop.audit()
    assert.deepEqual(found, [])
  })

  it('refuses state that was folded with other options', async t => {
    const shop = await counted(t)
    const progress = (await shop.changelog(items)).find(entry => entry.kind === 'progress')
    assert(progress?.kind === 'progress')
    const value = Buffer.from(JSON.stringify({ ...progress.progress, hash: 'another' }))
    await shop.driver.log.produce([{ topic: changelogName(items), partition: 0, key: progressKey, value }])
    await assert.rejects(shop.audit('item'), { code: 'STATE_MISMATCH' })
    await shop.audit('user')
  })

  it('says from which partitions the log has lost its beginning', async t => {
    const shop = await counted(t)
    await shop.driver.log.purge({ topic: topics.interactions.name, partition: 2 }, 10)
    assert.deepEqual((await shop.audit()).result.cut, [2])
  })
})
