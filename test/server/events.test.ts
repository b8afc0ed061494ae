import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { publisher } from '../../connectors/publisher.ts'
import { type ErrorCode, errors, FreshetError } from '../../schemas/errors.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { topics } from '../../schemas/topics.ts'
import { Wire } from '../../schemas/wire.ts'
import type { LogConsumer } from '../../topology/log-port.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { until } from '../connectors/sink-fixture.ts'
import { NOW_MS, testServer } from './fixture.ts'

const good = { eventId: 'e1', userId: 'u1', itemId: 'm1', type: 'view', occurredAt: NOW_MS - 5 }
interface EventsAnswer {
  accepted: number
  rejected: { index: number; code: ErrorCode; message: string }[]
}
const post = (app: Awaited<ReturnType<typeof testServer>>['app'], payload: unknown) =>
  app.inject({
    method: 'POST',
    url: '/v1/events',
    headers: { 'content-type': 'application/json' },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })

test('one event is in the log when the answer comes, with the time it was received', async () => {
  const { app, published } = await testServer()
  const response = await post(app, good)
  assert.deepEqual([response.statusCode, response.json()], [200, { accepted: 1, rejected: [] }])
  assert.equal(published.length, 1)
  assert.deepEqual(
    [published[0]?.eventId, published[0]?.occurredAt, published[0]?.receivedAt],
    ['e1', NOW_MS - 5, NOW_MS],
  )
  await app.close()
})

test('an event without an id or a time gets both', async () => {
  const { app, published } = await testServer()
  await post(app, { userId: 'u1', itemId: 'm1', type: 'view' })
  assert.match(published[0]?.eventId ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(published[0]?.occurredAt, NOW_MS)
  await app.close()
})

const refusals: { name: string; event: unknown; code: ErrorCode; says: RegExp }[] = [
  { name: 'not an object', event: 5, code: 'INVALID_FIELD', says: /wanted an event as a JSON object/ },
  { name: 'an array in the array', event: [good], code: 'INVALID_FIELD', says: /wanted an event/ },
  {
    name: 'a number for an id',
    event: { ...good, userId: 5 },
    code: 'INVALID_FIELD',
    says: /userId: wanted a string or null, got 5/,
  },
  {
    name: 'no type',
    event: { ...good, type: undefined },
    code: 'INVALID_FIELD',
    says: /type: wanted a string, got nothing/,
  },
  { name: 'a time that is text', event: { ...good, occurredAt: '2023' }, code: 'INVALID_FIELD', says: /occurredAt/ },
  { name: 'nobody', event: { ...good, userId: null }, code: 'MISSING_VISITOR', says: /userId or an anonymousId/ },
  { name: 'an empty user id', event: { ...good, userId: '' }, code: 'INVALID_ID', says: /userId: wanted a non-empty/ },
  {
    name: 'an id of 257 bytes',
    event: { ...good, itemId: 'x'.repeat(257) },
    code: 'INVALID_ID',
    says: /itemId.*got 257/,
  },
  { name: 'an id of 10 kB', event: { ...good, userId: 'x'.repeat(10_240) }, code: 'INVALID_ID', says: /userId.*10240/ },
  { name: 'a lone surrogate', event: { ...good, itemId: '\ud800' }, code: 'INVALID_ID', says: /surrogate/ },
  { name: 'no item', event: { ...good, itemId: null }, code: 'MISSING_ITEM', says: /itemId/ },
  {
    name: 'an impression of nothing',
    event: { ...good, type: 'impression', itemId: null },
    code: 'MISSING_ITEM',
    says: /items/,
  },
  ...Object.entries({ value: -1, price: -0.01, quantity: 0, dwellMs: -1, completion: 1.01, position: -1 }).map(
    ([field, number]) => ({
      name: `${field} ${number}`,
      event: { ...good, [field]: number },
      code: 'INVALID_NUMBER' as const,
      says: new RegExp(`${field}: wanted .*got ${number}`),
    }),
  ),
  {
    name: 'a place below 0 in an impression',
    event: { ...good, type: 'impression', items: [{ itemId: 'm', position: -1 }] },
    code: 'INVALID_NUMBER',
    says: /items\[0\]\.position/,
  },
  { name: 'an empty requestId', event: { ...good, requestId: '' }, code: 'INVALID_ID', says: /requestId/ },
  {
    name: 'a time that is ahead of the time of sending',
    event: { ...good, sentAt: NOW_MS - 300_006 },
    code: 'FUTURE_TIME',
    says: /occurredAt: wanted at most 300000 ms after the time of arrival, got 300001/,
  },
  { name: 'a time of sending of 0', event: { ...good, sentAt: 0 }, code: 'INVALID_TIME', says: /sentAt/ },

  {
    name: 'an impression of 51 items',
    event: { ...good, type: 'impression', items: Array.from({ length: 51 }, () => ({ itemId: 'm' })) },
    code: 'TOO_MANY_ITEMS',
    says: /at most 50, got 51/,
  },
  {
    name: 'an unknown type',
    event: { ...good, type: 'stare' },
    code: 'UNKNOWN_TYPE',
    says: /wanted one of .*got "stare"/,
  },
  { name: 'the year 1970', event: { ...good, occurredAt: 0 }, code: 'INVALID_TIME', says: /above 0, got 0/ },
  {
    name: 'five minutes and a millisecond ahead',
    event: { ...good, occurredAt: NOW_MS + 300_001 },
    code: 'FUTURE_TIME',
    says: /at most/,
  },
]
for (const { name, event, code, says } of refusals) {
  test(`refuses ${name} by ${code}, and takes the event beside it`, async () => {
    const { app, published } = await testServer()
    const alone = await post(app, [event])
    assert.equal(alone.statusCode, 422)
    const { accepted, rejected } = alone.json<EventsAnswer>()
    assert.deepEqual([accepted, rejected.length, rejected[0]?.index, rejected[0]?.code], [0, 1, 0, code])
    assert.match(rejected[0]?.message ?? '', says)
    const beside = await post(app, [good, event])
    assert.deepEqual([beside.statusCode, beside.json<EventsAnswer>().accepted], [200, 1])
    assert.equal(beside.json<EventsAnswer>().rejected[0]?.index, 1)
    assert.equal(published.length, 1)
    await app.close()
  })
}

for (const id of ['日本 🎬', '{x}', 'a\nb', '../../etc', '%00', 'x'.repeat(256)]) {
  test(`takes an odd id: ${JSON.stringify(id.slice(0, 12))}`, async () => {
    const { app, published } = await testServer()
    assert.equal((await post(app, { ...good, userId: id, itemId: id })).statusCode, 200)
    assert.deepEqual([published[0]?.userId, published[0]?.itemId], [id, id])
    const answer = await app.inject(`/v1/users/${encodeURIComponent(id)}/recommendations`)
    assert.equal(answer.statusCode, 200)
    await app.close()
  })
}

test('exactly five minutes ahead, more by a clock that is wrong, and impressions of 50 items or one are fine', async () => {
  const { app } = await testServer()
  const items = Array.from({ length: 50 }, () => ({ itemId: 'm' }))
  const events = [
    { ...good, occurredAt: NOW_MS + 300_000 },
    { ...good, itemId: null, type: 'impression', items },
    { ...good, type: 'impression' }, // of its itemId
    { ...good, occurredAt: NOW_MS + 9e6, sentAt: NOW_MS + 9e6 + 1 }, // by a clock that is wrong
  ]
  assert.deepEqual((await post(app, events)).json(), { accepted: 4, rejected: [] })
  await app.close()
})

const bodies: { name: string; body: unknown; status: number; code: ErrorCode }[] = [
  { name: 'broken JSON', body: '{"a":', status: 400, code: 'INVALID_JSON' },
  { name: 'an empty body', body: '', status: 400, code: 'INVALID_JSON' },
  { name: 'a poisoned prototype', body: '{"__proto__":{"a":1}}', status: 400, code: 'INVALID_JSON' },
  { name: 'an empty array', body: [], status: 400, code: 'INVALID_FIELD' },
  { name: '1,001 events', body: Array.from({ length: 1_001 }, () => good), status: 413, code: 'BATCH_TOO_LARGE' },
  { name: 'more than 4 MiB', body: `"${'x'.repeat(4 * 1_048_576)}"`, status: 413, code: 'BODY_TOO_LARGE' },
]
for (const { name, body, status, code } of bodies) {
  test(`answers ${name} with ${status} ${code}`, async () => {
    const { app, published } = await testServer()
    const response = await post(app, body)
    assert.deepEqual([response.statusCode, response.json<{ code: string }>().code], [status, code])
    assert.deepEqual(published, [])
    await app.close()
  })
}

test('JSON sent as text/plain by a beacon is read', async () => {
  const { app, published } = await testServer()
  const headers = { 'content-type': 'text/plain;charset=UTF-8' }
  const response = await app.inject({ method: 'POST', url: '/v1/events', headers, payload: JSON.stringify(good) })
  assert.deepEqual([response.statusCode, published.length], [200, 1])
  await app.close()
})

test('a log that does not acknowledge is a 503 to try again after', async () => {
  const publish = async () => {
    throw new FreshetError('LOG_UNAVAILABLE', 'no broker')
  }
  const { app } = await testServer({ publish })
  const response = await post(app, good)
  assert.deepEqual([response.statusCode, response.json<{ code: string }>().code], [503, 'LOG_UNAVAILABLE'])
  assert.equal(response.headers['retry-after'], '1')
  assert.equal(errors.LOG_UNAVAILABLE.fate, 'retry')
  await app.close()
})

test('published events are in the partition of their visitor, under the raw id', async () => {
  const log = new SimulatedLog({ now: () => NOW_MS })
  const { name, retentionMs } = topics.interactions
  await log.ensureTopics([{ name, partitions: 5, cleanup: 'delete', retentionMs, appendTime: true }])
  const wire = await Wire.open(new MemoryRegistry(), 'freshet', [topics.interactions])
  const { app } = await testServer({ publish: publisher({ log, wire, namespace: 'freshet' }) })
  const ids = ['a', 'b', 'c', 'ü']
  await post(app, [...ids.map(userId => ({ ...good, userId })), { ...good, userId: null, anonymousId: 'z' }])
  const got = new Map<string, number>()
  const opened = Promise.withResolvers<LogConsumer>()
  const consumer = await log.consume({
    group: null,
    topics: [name],
    assignment: 'copartition',
    onAssign: async assigned => {
      const it = await opened.promise
      for (const at of assigned) it.resume(at)
    },
    onBatch: async batch => {
      for (const { key, value } of batch.records) {
        const event = wire.decode(topics.interactions, value)
        assert.equal(event.userId ?? event.anonymousId, key?.toString())
        got.set(String(key), batch.partition)
      }
    },
    onCrash: error => assert.fail(error),
  })
  opened.resolve(consumer)
  await until(() => got.size === 5)
  assert.deepEqual(Object.fromEntries(got), Object.fromEntries([...ids, 'z'].map(id => [id, partitionOf(id, 5)])))
  await consumer.stop()
  await app.close()
})

test('a log that says nothing is given up at the deadline', async () => {
  const log = new SimulatedLog({ now: () => NOW_MS })
  const wire = await Wire.open(new MemoryRegistry(), 'freshet', [topics.interactions])
  const silent = Object.assign(Object.create(log), { offsets: () => new Promise(() => undefined) })
  const publish = publisher({ log: silent, wire, namespace: 'freshet', timeoutMs: 5 })
  await assert.rejects(publish([]), (error: FreshetError) => error.code === 'LOG_UNAVAILABLE')
})
