import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ViewWrite } from '../../connectors/view.ts'
import { type Answer, idsOf, item, related, segment, testServer } from './fixture.ts'

const popular = segment('popular', 'all', ['p1', 'p2'])
const cases: {
  name: string
  writes: ViewWrite[]
  url: string
  body?: Record<string, unknown>
  items: string[]
  rung: string
  degraded: string[]
}[] = [
  {
    name: 'similar items, best first, without the item itself',
    writes: related('similar', 'a', ['b', 'a', 'c']),
    url: '/v1/items/a/similar?limit=2',
    items: ['b', 'c'],
    rung: 'similar',
    degraded: [],
  },
  {
    name: 'popular in its category where an item has no neighbours',
    writes: [...item('a', { categories: ['X'] }), ...segment('popular', 'category:X', ['x1', 'a']), ...popular],
    url: '/v1/items/a/similar?limit=2',
    items: ['x1', 'p1'],
    rung: 'segment',
    degraded: ['few-neighbours'],
  },
  ...['/v1/items/a/similar', '/v1/items/a/bought-together', '/v1/trending', '/v1/popular'].map(url => ({
    name: `${url}: the catalogue before the first event`,
    writes: [...item('b')],
    url,
    items: ['b'],
    rung: 'catalogue',
    degraded: {
      '/v1/items/a/similar': ['few-neighbours'],
      '/v1/items/a/bought-together': ['few-orders', 'few-neighbours'],
      '/v1/trending': ['trending'],
      '/v1/popular': [],
    }[url] as string[],
  })),
  {
    name: 'bought together before similar',
    writes: [...related('together', 'a', ['t1']), ...related('similar', 'a', ['s1', 't1'])],
    url: '/v1/items/a/bought-together?limit=2',
    items: ['t1', 's1'],
    rung: 'together',
    degraded: ['few-orders'],
  },
  {
    name: 'what goes with a whole cart and is not in it',
    writes: [...related('together', 'a', ['b', 'c']), ...related('together', 'b', ['c', 'd', 'a'])],
    url: '/v1/carts/bought-together',
    body: { items: ['a', 'b'], limit: 2 },
    items: ['c', 'd'],
    rung: 'together',
    degraded: [],
  },
  {
    name: 'trending in a segment',
    writes: [...segment('trending', 'country:DE', ['d1', 'd2']), ...popular],
    url: '/v1/trending?segment=country:DE&limit=2',
    items: ['d1', 'd2'],
    rung: 'trending',
    degraded: [],
  },
  {
    name: 'trending everywhere where the segment has nothing',
    writes: [...segment('trending', 'all', ['t1']), ...popular],
    url: '/v1/trending?segment=country:XX&limit=1',
    items: ['t1'],
    rung: 'trending-all',
    degraded: ['segment'],
  },
  {
    name: 'popular everywhere',
    writes: popular,
    url: '/v1/popular?limit=2',
    items: ['p1', 'p2'],
    rung: 'popular',
    degraded: [],
  },
  {
    name: 'popular without what was taken down',
    writes: [...popular, ...item('p1', { available: false })],
    url: '/v1/popular?limit=1',
    items: ['p2'],
    rung: 'popular',
    degraded: [],
  },
]
for (const one of cases) {
  test(`answers ${one.name}`, async () => {
    const { app } = await testServer({ writes: one.writes })
    const response = await app.inject(one.body ? { method: 'POST', url: one.url, payload: one.body } : { url: one.url })
    assert.equal(response.statusCode, 200, response.body)
    const answer = response.json<Answer>()
    assert.deepEqual([idsOf(answer), answer.rung, answer.degraded], [one.items, one.rung, one.degraded])
    await app.close()
  })
}
