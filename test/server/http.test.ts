import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { ErrorCode } from '../../schemas/errors.ts'
import { type Answer, idsOf, list, segment, testServer } from './fixture.ts'

const recommend = '/v1/users/u/recommendations'
const malformed: {
  url: string
  method?: 'GET' | 'POST' | 'DELETE'
  body?: unknown
  status: number
  code: ErrorCode
  says?: RegExp
}[] = [
  { url: `${recommend}?limit=0`, status: 400, code: 'INVALID_QUERY', says: /limit: must be >= 1, got 0/ },
  { url: `${recommend}?limit=201`, status: 400, code: 'INVALID_QUERY', says: /limit: must be <= 200/ },
  { url: `${recommend}?limit=ten`, status: 400, code: 'INVALID_QUERY', says: /limit: must be integer, got "ten"/ },
  { url: `${recommend}?limit=1.5`, status: 400, code: 'INVALID_QUERY', says: /limit/ },
  { url: `${recommend}?limit=1&limit=2`, status: 400, code: 'INVALID_QUERY', says: /limit/ },
  { url: `${recommend}?minPrice=NaN`, status: 400, code: 'INVALID_QUERY', says: /minPrice/ },
  { url: `${recommend}?minPrice=-1`, status: 400, code: 'INVALID_QUERY', says: /minPrice/ },
  { url: `${recommend}?explain=perhaps`, status: 400, code: 'INVALID_QUERY', says: /explain/ },
  { url: `${recommend}?category=`, status: 400, code: 'INVALID_QUERY', says: /category/ },
  { url: `${recommend}?limt=5`, status: 400, code: 'INVALID_QUERY', says: /limt: no such parameter/ },
  { url: `${recommend}?cursor=nonsense`, status: 400, code: 'INVALID_QUERY', says: /cursor/ },
  {
    url: `${recommend}?cursor=${Buffer.from('["a","b",-1]').toString('base64url')}`,
    status: 400,
    code: 'INVALID_QUERY',
  },
  {
    url: `${recommend}?cursor=${Buffer.from('["a","b",1e99]').toString('base64url')}`,
    status: 400,
    code: 'INVALID_QUERY',
  },
  { url: `${recommend}?exclude=${'x'.repeat(257)}`, status: 400, code: 'INVALID_ID' },
  { url: `/v1/users/${'x'.repeat(10_240)}/recommendations`, status: 400, code: 'INVALID_ID', says: /got 10240/ },
  { url: '/v1/users//recommendations', status: 400, code: 'INVALID_ID', says: /userId: wanted a non-empty string/ },
  { url: '/v1/users/%E0%A4%A/recommendations', status: 400, code: 'INVALID_QUERY' },
  { url: '/v1/items//similar', status: 400, code: 'INVALID_ID' },
  { url: `/v1/items/a/similar?exclude=${'x'.repeat(257)}`, status: 400, code: 'INVALID_ID' },
  { url: '/v1/trending?segment=', status: 400, code: 'INVALID_QUERY' },
  {
    url: '/v1/sessions/recommendations',
    method: 'POST',
    body: {},
    status: 400,
    code: 'INVALID_QUERY',
    says: /items: wanted a value/,
  },
  { url: '/v1/sessions/recommendations', method: 'POST', body: { items: [] }, status: 400, code: 'INVALID_QUERY' },
  { url: '/v1/sessions/recommendations', method: 'POST', body: { items: [''] }, status: 400, code: 'INVALID_QUERY' },
  { url: '/v1/carts/bought-together', method: 'POST', body: [], status: 400, code: 'INVALID_QUERY' },
  {
    url: '/v1/carts/bought-together',
    method: 'POST',
    body: { items: ['a'], x: 1 },
    status: 400,
    code: 'INVALID_QUERY',
    says: /x: no such/,
  },
  { url: '/nope', status: 404, code: 'NOT_FOUND', says: /GET \/nope/ },
  { url: recommend, method: 'DELETE', status: 404, code: 'NOT_FOUND' },
]
for (const { url, method = 'GET', body, status, code, says } of malformed) {
  test(`${method} ${url.slice(0, 80)} ${body ? JSON.stringify(body) : ''} is ${status} ${code}`, async () => {
    const { app } = await testServer()
    const response = await app.inject({ method, url, ...(body !== undefined && { payload: body as object }) })
    const failure = response.json<{ code: string; message: string }>()
    assert.deepEqual([response.statusCode, failure.code, Object.keys(failure)], [status, code, ['code', 'message']])
    assert.match(failure.message, says ?? /./)
    await app.close()
  })
}

test('limits of 1 and 200 are both fine', async () => {
  const { app } = await testServer({
    writes: segment(
      'popular',
      'all',
      Array.from({ length: 200 }, (_, i) => `p${i}`),
    ),
  })
  for (const limit of [1, 200]) {
    assert.equal((await app.inject(`${recommend}?limit=${limit}`)).json<Answer>().items.length, limit)
  }
  await app.close()
})

test('over a socket: the answer is JSON, connections are kept, and what is not HTTP is answered too', async () => {
  const { app } = await testServer({ writes: list('u:ü/{x}', ['a', 'b']) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const response = await fetch(
    `http://127.0.0.1:${port}/v1/users/${encodeURIComponent('ü/{x}')}/recommendations?limit=2`,
  )
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  assert.deepEqual(idsOf((await response.json()) as Answer), ['a', 'b'])

  const said = await new Promise<string>(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'))
    let text = ''
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
  })
  assert.match(said, /^HTTP\/1\.1 400 .*content-type: application\/json.*"code":"INVALID_QUERY"/s)
  await app.close()
})

test('/openapi.json describes every route that answers, with the limits that validate', async () => {
  const { app } = await testServer()
  const document = (await app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, { parameters?: { name: string; in: string; schema: { maximum?: number } }[] }>>
  }>()
  assert.deepEqual(Object.keys(document.paths).sort(), [
    '/health/live',
    '/health/ready',
    '/metrics',
    '/v1/carts/bought-together',
    '/v1/events',
    '/v1/items/{itemId}/bought-together',
    '/v1/items/{itemId}/similar',
    '/v1/popular',
    '/v1/sessions/recommendations',
    '/v1/trending',
    '/v1/users/{userId}/because-you-viewed',
    '/v1/users/{userId}/recommendations',
    '/v1/visitors/{anonymousId}/recommendations',
  ])
  const parameters = document.paths['/v1/users/{userId}/recommendations']?.get?.parameters ?? []
  assert.equal(parameters.find(one => one.name === 'limit')?.schema.maximum, 200)
  assert.equal(parameters.find(one => one.name === 'userId')?.in, 'path')
  await app.close()
})

test('/metrics counts answers by rung, what was degraded, and requests by route', async () => {
  const { app } = await testServer({ writes: segment('popular', 'all', ['p']) })
  await app.inject(recommend)
  await app.inject({ method: 'POST', url: '/v1/events', payload: { type: 'stare', userId: 'u', itemId: 'm' } })
  const text = (await app.inject('/metrics')).body
  assert.match(text, /^freshet_answers_total\{rung="popular"\} 1$/m)
  assert.match(text, /^freshet_degraded_answers_total\{reason="no-list"\} 1$/m)
  assert.match(text, /^freshet_http_events_refused_total\{code="UNKNOWN_TYPE"\} 1$/m)
  assert.match(
    text,
    /freshet_http_request_seconds_count\{route="\/v1\/users\/:userId\/recommendations",status="200"\} 1/,
  )
  await app.close()
})
