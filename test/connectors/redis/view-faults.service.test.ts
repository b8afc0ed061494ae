/** Against a Redis of its own, since what happens here would disturb others. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Redis } from 'ioredis'
import pino from 'pino'
import { RedisView } from '../../../connectors/redis/view.ts'
import { startServices } from '../../../connectors/services/start.ts'
import { FreshetError } from '../../../schemas/errors.ts'
import { keys } from '../../../schemas/keys.ts'

const logger = pino({ level: 'silent' })
const version = { generation: 0, offset: 7 }
const services = await startServices({ redis: true })
const url = services.redisUrl
const admin = new Redis(url)
after(async () => {
  admin.disconnect()
  await services.stop()
})

async function open(namespace: string) {
  const view = new RedisView({ url, namespace, logger, readDeadlineMs: 2_000 })
  await view.check()
  return view
}

test('a write waits through a killed connection, and listeners hear of the new one', async () => {
  const view = await open('killed')
  const heard = Promise.withResolvers<void>()
  view.onReconnect(() => heard.resolve())
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await view.write([{ kind: 'value', key: keys.next, id: 'x', version, value: '{"a":1}' }])
  assert.equal(await admin.get('killed:next:{x}'), '{"v":[0,7],"a":1}')
  await heard.promise
  await view.close()
})

test('nothing is written over a new connection before listeners have heard of it', async () => {
  const view = await open('announced')
  let heard = 0
  view.onReconnect(() => heard++)
  for (let n = 1; n <= 5; n++) {
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    for (let isMoved = false; !isMoved; await new Promise(resolve => setImmediate(resolve))) {
      const move = { table: 'lists.v1', partition: n, from: undefined, to: version }
      isMoved = await view.movePositions([move]).then(
        () => true,
        () => false,
      )
    }
    assert.equal(heard, n)
  }
  await view.close()
})

test('a frozen Redis costs a read its deadline, then nothing, and it recovers', async () => {
  const view = new RedisView({ url, namespace: 'frozen', logger })
  await view.check()
  await view.write([{ kind: 'user', visitor: 'u:1', field: 's', version, value: Buffer.from('s') }])
  const until = async (isRight: () => Promise<boolean>) => {
    while (!(await isRight())) await new Promise(resolve => setImmediate(resolve))
  }
  const answers = () =>
    view.readUser('u:1').then(
      entry => entry.s !== undefined,
      () => false,
    )
  await until(answers)
  await admin.call('CLIENT', 'PAUSE', '500', 'ALL')
  const startMs = performance.now()
  for (let i = 0; i < 3; i++) {
    await assert.rejects(view.readUser('u:1'), (error: FreshetError) => error.code === 'REDIS_UNAVAILABLE')
  }
  assert.ok(performance.now() - startMs < 400, 'three deadlines of 20 ms and some slack')
  assert.equal(view.isUp(), false)
  const openMs = performance.now()
  await assert.rejects(view.readUser('u:1'))
  await assert.rejects(view.readUser('u:1'))
  assert.ok(performance.now() - openMs < 60, 'at most one of the two was a probe')
  await until(answers)
  assert.equal(view.isUp(), true)
  await view.close()
})

test('a Redis that is away does not stop the start, and closing ends a write that waits', async () => {
  const view = new RedisView({ url: 'redis://127.0.0.1:1', namespace: 'away', logger })
  const write = view.write([{ kind: 'value', key: keys.next, id: 'x', version, value: '{"a":1}' }])
  await assert.rejects(view.readUser('u:1'), (error: FreshetError) => error.code === 'REDIS_UNAVAILABLE')
  assert.equal(view.isUp(), false)
  const refused = assert.rejects(write)
  await view.close()
  await refused
})

test('an eviction policy that loses keys is refused by name', async () => {
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
  try {
    const view = new RedisView({ url, namespace: 'evicts', logger })
    const isRefusal = (error: unknown) =>
      error instanceof FreshetError && error.code === 'INVALID_CONFIG' && /allkeys-lru/.test(error.message)
    await assert.rejects(view.check(), isRefusal)
    await assert.rejects(view.write([{ kind: 'value', key: keys.next, id: 'x', version, value: null }]), isRefusal)
    await view.close()
  } finally {
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
  }
})
