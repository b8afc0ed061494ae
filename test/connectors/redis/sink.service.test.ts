/** The sink over a Redis of its own, which is flushed, cut off and stopped under it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Redis } from 'ioredis'
import pino from 'pino'
import { RedisView } from '../../../connectors/redis/view.ts'
import { startServices } from '../../../connectors/services/start.ts'
import { topics } from '../../../schemas/topics.ts'
import { systemClock } from '../../../topology/clock.ts'
import { listOf, relatedOf, sinkFixture, until } from '../sink-fixture.ts'

const services = await startServices({ redis: true })
const admin = new Redis(services.redisUrl)
after(async () => {
  admin.disconnect()
  await services.stop()
})
const { lists, related } = topics
const read = async (key: string) => (await admin.get(key)) ?? ''

test('FLUSHALL is noticed, and the replay restores every key as it was', async () => {
  const { start, put, written } = await sinkFixture()
  const view = new RedisView({ url: services.redisUrl, namespace: 'flush', logger: pino({ level: 'silent' }) })
  const sink = await start(view, { clock: systemClock })
  for (let user = 0; user < 300; user++) await put(lists, `u:${user}`, listOf(`u:${user}`, `l${user}`), user % 2)
  await put(lists, 'u:0', null)
  await put(related, 'similar/m1', relatedOf('m1', 'm2'))
  const complete = async () =>
    (await read('flush:similar:{m1}')) !== '' && (await admin.exists('flush:rec:{299}')) === 1
  const dump = async () => {
    const found = (await admin.keys('flush:*')).filter(key => !key.startsWith('flush:pos:')).sort()
    return Promise.all(found.map(async key => [key, await (key.includes(':u:') ? admin.hgetall(key) : admin.get(key))]))
  }
  await until(async () => (await complete()) && (await dump()).length === 601)
  const before = await dump()
  await admin.flushall()
  written.length = 0
  await until(async () => (await dump()).length === 601)
  assert.deepEqual(await dump(), before)
  assert.equal(before.find(([key]) => key === 'flush:rec:{0}')?.[1], '{"v":[0,150],"deleted":true}')
  await sink.stop()
  await view.close()
})

test('records written while Redis hangs up on everybody arrive', async () => {
  const { start, put, crashes } = await sinkFixture()
  const view = new RedisView({ url: services.redisUrl, namespace: 'cut', logger: pino({ level: 'silent' }) })
  const sink = await start(view, { clock: systemClock })
  for (let user = 0; user < 200; user++) {
    if (user % 20 === 0) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await put(lists, `u:${user}`, listOf(`u:${user}`, `l${user}`))
  }
  await until(async () => (await admin.keys('cut:rec:*')).length === 200)
  assert.deepEqual(crashes, [])
  await sink.stop()
  await view.close()
})

test('a sink whose Redis is away stops when it is told to', async () => {
  const { start, put } = await sinkFixture()
  const view = new RedisView({ url: 'redis://127.0.0.1:1', namespace: 'away', logger: pino({ level: 'silent' }) })
  const sink = await start(view, { clock: systemClock })
  await put(lists, 'u:1', listOf('u:1', 'l1'))
  await sink.stop()
  await view.close()
})
