import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../../connectors/process-view.ts'
import type { ViewWrite } from '../../connectors/view.ts'
import type { Item } from '../../schemas/item-features.ts'
import { until } from '../connectors/sink-fixture.ts'
import { type Answer, cold, hot, idsOf, item, list, NOW_MS, related, segment, testServer } from './fixture.ts'

const popular = segment('popular', 'all', ['p1', 'p2', 'p3'])
const abc = list('u:u', ['a', 'b', 'c', 'd'])

interface Case {
  readonly name: string
  readonly writes: readonly ViewWrite[]
  readonly url: string
  readonly items: readonly string[]
  readonly rung?: string
  readonly degraded?: readonly string[]
}
const cases: readonly Case[] = [
  {
    name: 'the list in its order',
    writes: abc,
    url: '?limit=4',
    items: ['a', 'b', 'c', 'd'],
    rung: 'list',
    degraded: [],
  },
  { name: 'no more than the limit', writes: abc, url: '?limit=1', items: ['a'] },
  {
    name: 'without what the session has just seen',
    writes: [...abc, ...hot('u:u', ['b'])],
    url: '?limit=3',
    items: ['a', 'c', 'd'],
  },
  {
    name: 'without what was seen or bought before',
    writes: [...abc, ...cold('u:u', ['a'], ['c'])],
    url: '?limit=2',
    items: ['b', 'd'],
  },
  {
    name: 'with what was seen, without what was bought, on an item page',
    writes: [...abc, ...cold('u:u', ['a'], ['c'])],
    url: '?limit=3&surface=item',
    items: ['a', 'b', 'd'],
  },
  {
    name: 'with what was bought where one buys again',
    writes: [...abc, ...cold('u:u', ['a'], ['c'])],
    url: '?limit=4&surface=again',
    items: ['a', 'b', 'c', 'd'],
  },
  {
    name: 'without what was bought or turned down a moment ago on an item page, where what was viewed may stand',
    writes: [
      ...abc,
      ...hot('u:u', [], {
        recent: [
          { itemId: 'a', type: 'purchase', atMs: NOW_MS },
          { itemId: 'a', type: 'view', atMs: NOW_MS },
          { itemId: 'b', type: 'view', atMs: NOW_MS },
          { itemId: 'c', type: 'dislike', atMs: NOW_MS },
          { itemId: 'd', type: 'dislike', atMs: NOW_MS },
          { itemId: 'd', type: 'like', atMs: NOW_MS },
        ],
      }),
    ],
    url: '?limit=2&surface=item',
    items: ['b', 'd'],
  },
  ...['constructor', '__proto__', 'toString'].map(surface => ({
    name: `as at home on the surface ${surface}, which is none`,
    writes: abc,
    url: `?limit=2&surface=${surface}`,
    items: ['a', 'b'],
  })),
  {
    name: 'without what is in the cart',
    writes: [...abc, ...hot('u:u', [], { cart: ['a'] })],
    url: '?limit=3',
    items: ['b', 'c', 'd'],
  },
  {
    name: 'without what was taken down',
    writes: [...abc, ...item('b', { available: false })],
    url: '?limit=3',
    items: ['a', 'c', 'd'],
  },
  { name: 'without what is excluded', writes: abc, url: '?limit=2&exclude=a&exclude=c', items: ['b', 'd'] },
  {
    name: 'an id with a comma is one id',
    writes: list('u:u', ['a,b', 'c']),
    url: '?limit=1&exclude=a%2Cb',
    items: ['c'],
  },
  {
    name: 'the category of the session first',
    writes: [...abc, ...['c', 's'].flatMap(id => item(id, { categories: ['X'] })), ...hot('u:u', ['s'])],
    url: '?limit=4',
    items: ['c', 'a', 'b', 'd'],
  },
  {
    name: 'items named by the caller count as seen and as the session',
    writes: [...abc, ...['b', 'd'].flatMap(id => item(id, { categories: ['X'] }))],
    url: '?limit=3&session=b',
    items: ['d', 'a', 'c'],
  },
  {
    name: 'filled from popularity when the list is short',
    writes: [...abc, ...popular],
    url: '?limit=6',
    items: ['a', 'b', 'c', 'd', 'p1', 'p2'],
    rung: 'list',
    degraded: ['short-list'],
  },
  {
    name: 'neighbours of the session where there is no list',
    writes: [...hot('u:u', ['s1', 's2']), ...related('similar', 's2', ['n1', 's1', 'n2']), ...popular],
    url: '?limit=3',
    items: ['n1', 'n2', 'p1'],
    rung: 'session',
    degraded: ['no-list'],
  },
  {
    name: 'the segment of the device for a stranger',
    writes: [...segment('popular', 'device:mobile', ['m1']), ...popular],
    url: '?limit=2&device=mobile',
    items: ['m1', 'p1'],
    rung: 'segment',
    degraded: ['no-list'],
  },
  { name: 'global popularity for a stranger', writes: popular, url: '?limit=2', items: ['p1', 'p2'], rung: 'popular' },
  { name: 'the catalogue before the first event', writes: item('i1'), url: '', items: ['i1'], rung: 'catalogue' },
  { name: 'nothing where there is nothing', writes: [], url: '', items: [], rung: 'none' },
]
for (const one of cases) {
  test(`recommends ${one.name}`, async () => {
    const { app } = await testServer({ writes: one.writes })
    const response = await app.inject(`/v1/users/u/recommendations${one.url}`)
    assert.equal(response.statusCode, 200, response.body)
    const answer = response.json<Answer>()
    assert.deepEqual(idsOf(answer), one.items)
    if (one.rung) assert.equal(answer.rung, one.rung)
    if (one.degraded) assert.deepEqual(answer.degraded, one.degraded)
    assert.ok(answer.requestId)
    assert.deepEqual(
      answer.items.map(it => it.score),
      answer.items.map(it => it.score).toSorted((a, b) => b - a),
      'best first',
    )
    await app.close()
  })
}

const priced = (price: number | null): Partial<Item> => ({ price, categories: ['X'] })
const shop = [
  ...abc,
  ...item('a', priced(1)),
  ...item('b', priced(2)),
  ...item('c', priced(3)),
  ...item('d', priced(null)),
]
for (const [query, items] of [
  ['minPrice=2', ['b', 'c']],
  ['maxPrice=2', ['a', 'b']],
  ['minPrice=2&maxPrice=2', ['b']],
  ['minPrice=0', ['a', 'b', 'c']],
  ['category=X', ['a', 'b', 'c', 'd']],
  ['category=Y', []],
] as const) {
  test(`${query} leaves ${items.join(', ') || 'nothing'}: bounds are included, an unknown price is in no range`, async () => {
    const { app } = await testServer({ writes: shop })
    const answer = (await app.inject(`/v1/users/u/recommendations?${query}`)).json<Answer>()
    assert.deepEqual(idsOf(answer), items)
    await app.close()
  })
}

test('an item is explained by its source, a sentence and the items it comes from', async () => {
  const { app } = await testServer({ writes: [...abc, ...item('liked', { title: 'The Matrix' }), ...item('a')] })
  const plain = (await app.inject('/v1/users/u/recommendations?limit=1')).json<Answer>()
  const reason = 'Often viewed together with The Matrix'
  assert.deepEqual(plain.items, [{ itemId: 'a', score: 1, source: 'co-occurrence', reason }])
  const explained = (await app.inject('/v1/users/u/recommendations?limit=1&explain=true')).json<Answer>()
  assert.deepEqual(explained.items, [{ ...plain.items[0], title: 'Title of a', because: ['liked'] }])
  await app.close()
})

test('a session that went quiet an hour ago neither boosts nor hides', async () => {
  const view = new ProcessView({ now: () => NOW_MS })
  const old = hot('u:u', ['s'], { recent: [{ itemId: 'b', type: 'view', atMs: 0 }] })
  const { app } = await testServer({ view, writes: [...abc, ...old] })
  assert.deepEqual(idsOf((await app.inject('/v1/users/u/recommendations?limit=2')).json<Answer>()), ['a', 'c'])
  await app.close()
})

test('a user and an anonymous visitor of the same id do not see each other', async () => {
  const { app } = await testServer({ writes: [...list('u:x', ['user']), ...list('a:x', ['anonymous'])] })
  assert.deepEqual(idsOf((await app.inject('/v1/users/x/recommendations?limit=1')).json<Answer>()), ['user'])
  assert.deepEqual(idsOf((await app.inject('/v1/visitors/x/recommendations?limit=1')).json<Answer>()), ['anonymous'])
  await app.close()
})

test('pages follow one ranking to its end, even when the list is rebuilt in between', async () => {
  const ids = Array.from({ length: 25 }, (_, index) => `i${index}`)
  const { app, view } = await testServer({ writes: list('u:u', ids) })
  const seen: string[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const query: string = cursor ? `&cursor=${cursor}` : ''
    const answer = (await app.inject(`/v1/users/u/recommendations?limit=10${query}`)).json<Answer>()
    assert.equal(answer.listId, 'l1')
    seen.push(...idsOf(answer))
    cursor = answer.cursor
    const rebuilt = list('u:u', ids.toReversed(), { listId: `l${2 + pages}` })
    await view.write(rebuilt.map(write => ({ ...write, version: { generation: 0, offset: 11 + pages } })))
    pages++
  } while (cursor)
  assert.deepEqual(seen, ids)
  assert.equal(pages, 3)
  await app.close()
})

test('a page of a list that is no longer held comes from the list as it is, and says so', async () => {
  const { app } = await testServer({ writes: list('u:u', ['a', 'b', 'c']) })
  const cursor = Buffer.from(JSON.stringify(['another server', 'older', 1])).toString('base64url')
  const answer = (await app.inject(`/v1/users/u/recommendations?limit=1&cursor=${cursor}`)).json<Answer>()
  assert.deepEqual([idsOf(answer), answer.degraded], [['b'], ['list-changed']])
  await app.close()
})

test('an item taken down between two pages makes the next page neither repeat nor skip', async () => {
  const writes = [...list('u:u', ['a', 'b', 'c', 'd', 'e']), ...item('a'), ...item('d')]
  const { app, view } = await testServer({ writes, config: { refreshMs: 1 } })
  const first = (await app.inject('/v1/users/u/recommendations?limit=2')).json<Answer>()
  assert.deepEqual(idsOf(first), ['a', 'b'])
  await view.write([...item('a', { available: false }, 2), ...item('d', { available: false }, 2)])
  await until(async () => !idsOf((await app.inject('/v1/users/u/recommendations')).json<Answer>()).includes('d'))
  const second = await app.inject(`/v1/users/u/recommendations?limit=2&cursor=${first.cursor}`)
  assert.deepEqual([idsOf(second.json<Answer>()), second.json<Answer>().cursor], [['c', 'e'], undefined])
  await app.close()
})

test("another visitor's cursor opens nothing of theirs", async () => {
  const { app } = await testServer({ writes: [...list('u:u', ['a', 'b', 'c']), ...list('u:w', ['x', 'y'])] })
  const { cursor } = (await app.inject('/v1/users/u/recommendations?limit=1')).json<Answer>()
  const answer = (await app.inject(`/v1/users/w/recommendations?limit=1&cursor=${cursor}`)).json<Answer>()
  assert.deepEqual(idsOf(answer), ['y'])
  await app.close()
})

test('because-you-viewed names the newest item that has neighbours', async () => {
  const writes = [
    ...hot('u:u', ['s1', 's2', 's3']),
    ...related('similar', 's2', ['n1', 's3']),
    ...related('similar', 's1', ['n2']),
  ]
  const { app } = await testServer({ writes })
  const answer = (await app.inject('/v1/users/u/because-you-viewed')).json<Answer>()
  assert.deepEqual([answer.becauseOf, idsOf(answer)], ['s2', ['n1']])
  await app.close()
})

test('because-you-viewed is about nothing that was turned down, and has one page', async () => {
  const recent = [
    { itemId: 's1', type: 'view', atMs: NOW_MS },
    { itemId: 's2', type: 'dislike', atMs: NOW_MS },
  ]
  const writes = [
    ...hot('u:u', [], { recent }),
    ...related('similar', 's1', ['n1', 'n2']),
    ...related('similar', 's2', ['n3']),
  ]
  const { app } = await testServer({ writes })
  const answer = (await app.inject('/v1/users/u/because-you-viewed?limit=1')).json<Answer>()
  assert.deepEqual([answer.becauseOf, idsOf(answer), answer.cursor], ['s1', ['n1'], undefined])
  assert.equal((await app.inject('/v1/users/u/because-you-viewed?cursor=x')).statusCode, 400)
  assert.equal((await app.inject(`/v1/users/u/because-you-viewed?session=${'x'.repeat(257)}`)).statusCode, 400)
  await app.close()
})

test('because-you-viewed of somebody without history falls back and says so', async () => {
  const { app } = await testServer({ writes: popular })
  const answer = (await app.inject('/v1/users/new/because-you-viewed?limit=1')).json<Answer>()
  assert.deepEqual([answer.becauseOf, idsOf(answer)], [null, ['p1']])
  assert.ok(answer.degraded.includes('no-history'))
  await app.close()
})

test('a session is answered without any user', async () => {
  const writes = [...related('similar', 's1', ['n1', 'n2']), ...related('similar', 's2', ['n2', 'n3']), ...popular]
  const { app } = await testServer({ writes })
  const payload = { items: ['s1', 's2'], limit: 4 }
  const answer = (await app.inject({ method: 'POST', url: '/v1/sessions/recommendations', payload })).json<Answer>()
  // s2 is the newer: n2 = 0.9 + 0.8 × 0.89, n3 = 0.89, n1 = 0.8 × 0.9
  assert.deepEqual(idsOf(answer), ['n2', 'n3', 'n1', 'p1'])
  assert.deepEqual([answer.rung, answer.degraded, answer.cursor], ['session', [], undefined])
  await app.close()
})
