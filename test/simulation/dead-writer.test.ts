/** What a sink left half done, or wrote to a server that is no longer there, is written again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keys } from '../../schemas/keys.ts'
import { itemFeatures, itemOf, listOf, lists, sinkFixture, until } from '../connectors/sink-fixture.ts'
import type { Connection } from './redis-view.ts'
import { RedisServer } from './redis-server.ts'
import { SimulatedRedisView } from './redis-view.ts'

const whole: Connection = { step: async () => 'run', answer() {} }
/** Never comes back from what follows the scripts. */
const dying: Connection = {
  step: label => (label === 'redis:after' ? new Promise(() => {}) : Promise.resolve('run')),
  answer() {},
}
const PAGES = keys.itemPages.of('freshet')

for (const { name, records } of [
  { name: 'a page', records: ['facts'] },
  { name: 'a page of which the last record brings no new facts', records: ['facts', 'same facts'] },
])
  test(`${name} whose writer died before telling of it is told of by the next writer`, async () => {
    const { clock, log, start, put } = await sinkFixture()
    const server = new RedisServer({ now: () => 0 })
    await put(itemFeatures, 'i1', itemOf('i1', 0, true))
    await start(new SimulatedRedisView(server, dying, clock, 'freshet'), { log: log.client('dying'), group: 'one' })
    await until(() => server.hash(keys.itemPage.of('freshet', '0')).has('0'))
    assert.equal(server.hash(PAGES).size, 0)
    for (const _ of records.slice(1)) await put(itemFeatures, 'i1', { ...itemOf('i1', 0, true), counts: { view: 4 } })
    const sink = await start(new SimulatedRedisView(server, whole, clock, 'freshet'), { group: 'two' })
    await until(() => sink.positions().some(at => at.topic === itemFeatures.name && at.offset === records.length))
    assert.deepEqual([...server.hash(PAGES).keys()], ['0'])
    await sink.stop()
  })

test('values acknowledged by a server that a replica behind it has replaced are written again', async () => {
  const { clock, start, put } = await sinkFixture()
  const server = new RedisServer({ now: () => clock.now() })
  const view = new SimulatedRedisView(server, whole, clock, 'freshet')
  const sink = await start(view)
  const next = (offset: number) => () =>
    sink.positions().some(at => at.topic === lists.name && at.partition === 0 && at.offset === offset)
  await put(lists, 'u:1', listOf('u:1', 'first'))
  await until(next(1))
  clock.advance(100) // the position is written
  await until(() => server.get('freshet:pos:lists.v1:0') === '0.1')
  clock.advance(10)
  await put(lists, 'u:1', listOf('u:1', 'second'))
  await until(next(2))
  server.failOver(5)
  assert.match(server.get('freshet:rec:{1}') ?? '', /first/)
  view.reconnect()
  await until(() => /second/.test(server.get('freshet:rec:{1}') ?? ''))
  await sink.stop()
})
