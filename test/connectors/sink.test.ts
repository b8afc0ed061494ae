import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../../connectors/process-view.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { hasHash, itemHash } from '../../schemas/item-hashes.ts'
import { keys } from '../../schemas/keys.ts'
import { packedCandidates, packedFacts, packedKnown, packedSession } from '../../schemas/packed.ts'
import { topics } from '../../schemas/topics.ts'
import { itemOf, listOf, NOW_MS, relatedOf, sinkFixture, until } from './sink-fixture.ts'

const { lists, profiles, related, trending, itemFeatures } = topics
const rec = async (view: ProcessView, id: string) => (await view.readValues([{ key: keys.rec, id }]))[0]

test('a list becomes packed candidates and the public JSON, and its event is reported as readable', async () => {
  const { start, put, log, written, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await until(() => sink.positions().length === 10)
  await log.idle()
  await put(lists, 'u:u42', listOf('u:u42', 'l1'))
  await log.idle()
  assert.equal(
    await rec(view, 'u42'),
    `{"v":[0,0],"userId":"u42","listId":"l1","builtAt":${NOW_MS},"asOf":"1:7","model":"blend-1",` +
      '"items":[{"itemId":"m1","score":0.1235,"source":"co-occurrence","reason":"Often viewed together with m9"}]}',
  )
  assert.equal(packedCandidates.unpack((await view.readUser('u:u42')).c)?.listId, 'l1')
  assert.deepEqual(written, [{ topic: 'lists.v1', key: 'u:u42', asOf: '1:7', appendedAtMs: NOW_MS - 30 }])
  await sink.stop()
})

test('hot and cold profiles become the session tier and the known items', async () => {
  const { start, put, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  const about = { visitor: 'a:x', partition: 0, offset: 3, appendedAtMs: NOW_MS, atMs: NOW_MS, hot: null, cold: null }
  const recent = [{ itemId: 'm1', type: 'view', atMs: NOW_MS }]
  const quiet = { country: 'DE', device: null, language: null, query: null }
  const hot = { sessionStartedAtMs: NOW_MS, sessionEvents: 1, recent, cart: ['m2'], positives: 4, ...quiet }
  const seen = { strength: 2, lastMs: NOW_MS }
  const items = [
    { itemId: 'm1', count: 1, negative: false, ...seen },
    { itemId: 'm3', count: 0, negative: true, ...seen },
  ]
  await put(profiles, 'hot/a:x', { ...about, hot })
  await put(profiles, 'cold/a:x', { ...about, cold: { items, bought: ['m4'], shown: [] } })
  await log.idle()
  const entry = await view.readUser('a:x')
  const tier = packedSession.unpack(entry.s)
  assert.deepEqual([tier?.recent[0]?.itemId, tier?.cart, tier?.positives, tier?.country], ['m1', ['m2'], 4, 'DE'])
  const known = packedKnown.unpack(entry.k)
  assert.ok(known)
  const has = (set: Buffer) => ['m1', 'm2', 'm3', 'm4'].filter(id => hasHash(set, itemHash(id)))
  assert.deepEqual([has(known.seen), has(known.bought), has(known.negative)], [['m1'], ['m4'], ['m3']])
  await sink.stop()
})

test('of a profile the session tier is news, the coalesced rest is not; nor is what stood before the view was there', async () => {
  const { start, put, log, written, clock } = await sinkFixture()
  const about = { visitor: 'u:x', partition: 0, appendedAtMs: NOW_MS, atMs: NOW_MS, hot: null, cold: null }
  const quiet = { cart: [], positives: 1, country: null, device: null, language: null, query: null }
  const hot = { sessionStartedAtMs: NOW_MS, sessionEvents: 1, recent: [], ...quiet }
  await put(profiles, 'hot/u:x', { ...about, offset: 1, hot })
  await put(lists, 'u:x', listOf('u:x', 'l1', 1))
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await until(async () => (await rec(view, 'x')) !== undefined && (await view.readUser('u:x')).s !== undefined)
  await put(profiles, 'hot/u:x', { ...about, offset: 2, hot })
  await put(profiles, 'cold/u:x', { ...about, offset: 2, cold: { items: [], bought: [], shown: [] } })
  await put(lists, 'u:x', listOf('u:x', 'l2', 2))
  await until(async () => (await rec(view, 'x'))?.includes('l2') === true)
  await log.idle()
  assert.deepEqual(written.map(one => [one.topic, one.asOf]).sort(), [
    ['lists.v1', '1:2'],
    ['profiles.v1', '0:2'],
  ])
  await sink.stop()
})

test('relations, segments and items go under their own keys', async () => {
  const { start, put, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  const items = [{ itemId: 'm2', score: 0.5 }]
  await put(related, 'similar/a/b', { ...relatedOf('a/b', 'm2') })
  await put(related, 'together/m1', { ...relatedOf('m1', 'm3'), relation: 'together' })
  await put(trending, 'popular/category:x', { kind: 'popular', segment: 'category:x', asOfMs: NOW_MS, items })
  await put(itemFeatures, 'm1', itemOf('m1', 2050, true))
  await put(itemFeatures, 'm2', itemOf('m2', 4, false))
  await log.idle()
  const body = `"asOfMs":${NOW_MS},"items":[{"itemId":"m2","score":0.5}]}`
  const values = await view.readValues([
    { key: keys.similar, id: 'a/b' },
    { key: keys.popular, id: 'category:x' },
    { key: keys.trending, id: 'category:x' },
  ])
  assert.deepEqual(values, [`{"v":[0,0],${body}`, `{"v":[0,0],${body}`, undefined])
  assert.deepEqual(await view.gone(), ['m2'])
  // Two partitions: row 2050 is the 1,025th of partition 0, so it begins that partition's second page, which is page 2.
  assert.deepEqual([...(await view.itemPages()).keys()].sort(), [0, 2])
  assert.equal(packedFacts.unpack((await view.itemPage(2))[0])?.title, 'Title m1')
  await sink.stop()
})

test('an item comes back from the gone set when it is available again', async () => {
  const { start, put, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await put(itemFeatures, 'm1', itemOf('m1', 0, false))
  await log.idle()
  assert.deepEqual(await view.gone(), ['m1'])
  await put(itemFeatures, 'm1', itemOf('m1', 0, true))
  await log.idle()
  assert.deepEqual(await view.gone(), [])
  await sink.stop()
})

test('a tombstone deletes, a record that cannot be read is left out and the next one is written', async () => {
  const { start, put, putRaw, log, clock, crashes } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await put(lists, 'u:1', null)
  await putRaw('lists.v1', 'u:2', Buffer.from([0, 0, 0, 0, 1, 255]))
  await putRaw('lists.v1', 'u:2', Buffer.from('nonsense'))
  await put(lists, 'u:3', listOf('u:3', 'l3'))
  await log.idle()
  assert.equal(await rec(view, '1'), undefined)
  assert.match((await rec(view, '3')) ?? '', /"listId":"l3"/)
  assert.deepEqual(crashes, [])
  await sink.stop()
})

test('a second start begins where the first stopped', async () => {
  const { start, put, log, written, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const first = await start(view)
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await log.idle()
  await first.stop()
  assert.deepEqual(await view.readPosition('lists.v1', 0), { generation: 0, offset: 1 })
  written.length = 0
  const second = await start(view)
  await put(lists, 'u:2', listOf('u:2', 'l2'))
  await log.idle()
  assert.deepEqual(
    written.map(one => one.key),
    ['u:2'],
  )
  await second.stop()
})

const losses = [
  { name: 'after positions were written', settle: true },
  { name: 'before any position moved', settle: false },
]
for (const { name, settle } of losses) {
  test(`a view that was flushed ${name} is replayed within a second`, async () => {
    const { start, put, log, clock } = await sinkFixture()
    const view = new ProcessView({ now: () => clock.now() })
    const sink = await start(view)
    await put(lists, 'u:1', listOf('u:1', 'l1'))
    await put(related, 'similar/m1', relatedOf('m1', 'm2'), 1)
    await log.idle()
    if (settle) clock.advance(100)
    await log.idle()
    view.clear()
    clock.advance(1_000)
    await until(async () => (await rec(view, '1')) !== undefined)
    await until(async () => (await view.readValues([{ key: keys.similar, id: 'm1' }]))[0] !== undefined)
    await sink.stop()
    assert.deepEqual(await view.readPosition('lists.v1', 0), { generation: 0, offset: 1 })
  })
}

test('a view that went back is replayed from where it went back to', async () => {
  const { start, put, log, written, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await put(lists, 'u:2', listOf('u:2', 'l2'))
  await log.idle()
  clock.advance(100)
  await until(async () => (await view.readPosition('lists.v1', 0))?.offset === 2)
  const [from, to] = [2, 1].map(offset => ({ generation: 0, offset }))
  assert.ok(from && to)
  await view.movePositions([{ table: 'lists.v1', partition: 0, from, to }])
  written.length = 0
  clock.advance(1_000)
  await until(() => written.length > 0)
  assert.deepEqual(
    written.map(one => one.key),
    ['u:2'],
  )
  await sink.stop()
})

test('positions of another incarnation of the topic start from its beginning, and its values win', async () => {
  const { start, put, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const [name, to] = ['lists.v1', { generation: 3, offset: 1 }]
  await view.movePositions([{ table: name, partition: 0, from: undefined, to }])
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  const sink = await start(view, { generationOf: () => 4 })
  await log.idle()
  assert.match((await rec(view, '1')) ?? '', /^\{"v":\[4,0\],/)
  await sink.stop()
})

test('a view that is filled from a newer generation is left alone: at the start, and while it runs', async () => {
  const { start, put, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const newer = { generation: 5, offset: 3 }
  await view.movePositions([{ table: 'lists.v1', partition: 0, from: undefined, to: newer }])
  const sink = await start(view, { generationOf: () => 4 })
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await put(lists, 'u:2', listOf('u:2', 'l2'), 1)
  await log.idle()
  assert.equal(await rec(view, '1'), undefined)
  assert.match((await rec(view, '2')) ?? '', /l2/)
  const from = await view.readPosition('lists.v1', 1)
  await view.movePositions([{ table: 'lists.v1', partition: 1, from, to: newer }])
  clock.advance(2_000)
  await log.idle()
  await put(lists, 'u:3', listOf('u:3', 'l3'), 1)
  clock.advance(2_000)
  await log.idle()
  assert.equal(await rec(view, '3'), undefined)
  await sink.stop()
  for (const partition of [0, 1]) assert.deepEqual(await view.readPosition('lists.v1', partition), newer)
})

test('a position another owner moved on is taken over, not moved back', async () => {
  const { start, log, clock } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  const sink = await start(view)
  await log.idle()
  const [from, to] = [0, 9].map(offset => ({ generation: 0, offset }))
  assert.ok(from && to)
  await view.movePositions([{ table: 'lists.v1', partition: 0, from, to }])
  clock.advance(2_000)
  await sink.stop()
  assert.deepEqual(await view.readPosition('lists.v1', 0), { generation: 0, offset: 9 })
})

test('a registry that is away holds the sink up, and nothing is lost', async () => {
  const { start, put, putRaw, log, clock, wire } = await sinkFixture()
  const view = new ProcessView({ now: () => clock.now() })
  let refusals = 0
  const away = new Proxy(wire, {
    get(target, name) {
      if (name === 'prepare' && refusals++ < 3)
        return async () => Promise.reject(new FreshetError('REGISTRY_UNAVAILABLE', 'away'))
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  const sink = await start(view, { wire: away })
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await putRaw('lists.v1', 'u:2', Buffer.from('nonsense'))
  await until(async () => {
    clock.advance(250)
    return (await rec(view, '1')) !== undefined
  })
  assert.equal(refusals, 4)
  await log.idle()
  await sink.stop()
})
