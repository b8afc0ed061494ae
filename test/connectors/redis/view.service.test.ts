/** Against the Redis all tests share: nothing here disturbs others. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Redis } from 'ioredis'
import pino from 'pino'
import { RedisView } from '../../../connectors/redis/view.ts'
import { keys, MAX_LIST_AGE_SECONDS, TOMBSTONE_TTL_SECONDS } from '../../../schemas/keys.ts'
import { viewConformance } from '../../conformance/view.ts'
import { testRedisUrl } from './url.ts'

const logger = pino({ level: 'silent' })
const url = testRedisUrl(1)
const admin = new Redis(url)
before(() => admin.flushdb())
after(() => admin.quit())

async function open(namespace: string) {
  const view = new RedisView({ url, namespace, logger, readDeadlineMs: 2_000 })
  await view.check()
  return view
}

viewConformance('Redis', async () => {
  const view = await open('conformance')
  return { view, flush: async () => void (await admin.flushdb()), close: () => view.close() }
})

const version = { generation: 0, offset: 7 }

test('a public list is JSON under the documented key, with a lifetime', async () => {
  const view = await open('freshet')
  const list = { kind: 'user', visitor: 'u:u42', field: 'c', version, value: Buffer.from('c'), rec: '{"a":1}' } as const
  await view.write([list])
  assert.equal(await admin.get('freshet:rec:{u42}'), '{"v":[0,7],"a":1}')
  assert.equal(await admin.ttl('freshet:rec:{u42}'), MAX_LIST_AGE_SECONDS)
  assert.equal(await admin.hget('freshet:u:{u42}', 'vc'), '0.7')
  assert.equal(await admin.ttl('freshet:u:{u42}'), MAX_LIST_AGE_SECONDS)
  await view.write([{ ...list, version: { generation: 0, offset: 8 }, value: null }])
  assert.equal(await admin.get('freshet:rec:{u42}'), '{"v":[0,8],"deleted":true}')
  assert.equal(await admin.ttl('freshet:rec:{u42}'), TOMBSTONE_TTL_SECONDS)
  await view.close()
})

test('item facts are a hash of text, the gone set a set of ids', async () => {
  const view = await open('freshet')
  const text = { title: 'Ünïcode', price: '3' }
  const gone = { isGone: true, goneAtMs: 5 }
  await view.write([
    { kind: 'item', itemId: 'm1', version, text, row: { page: 0, row: 0, facts: Buffer.from('f') }, ...gone },
  ])
  assert.deepEqual(await admin.hgetall('freshet:item:{m1}'), { v: '0.7', ...text })
  assert.deepEqual(await admin.smembers('freshet:gone'), ['m1'])
  await view.close()
})

test('scripts that Redis has forgotten are loaded anew', async () => {
  const view = await open('forgot')
  await admin.script('FLUSH')
  await view.write([{ kind: 'value', key: keys.next, id: 'x', version, value: '{"a":1}' }])
  assert.deepEqual(await view.readValues([{ key: keys.next, id: 'x' }]), ['{"v":[0,7],"a":1}'])
  await view.close()
})

test('a foreign value at a key is left alone, the others of the batch are written', async () => {
  const view = await open('foreign')
  await admin.lpush('foreign:next:{x}', 'mine')
  await view.write([
    { kind: 'value', key: keys.next, id: 'x', version, value: '{"a":1}' },
    { kind: 'value', key: keys.next, id: 'y', version, value: '{"a":1}' },
  ])
  assert.equal(await admin.type('foreign:next:{x}'), 'list')
  assert.equal(await admin.get('foreign:next:{y}'), '{"v":[0,7],"a":1}')
  await view.close()
})
