import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../../connectors/process-view.ts'
import type { View } from '../../connectors/view.ts'
import { type Answer, idsOf, list, NOW_MS, related, segment, testServer } from './fixture.ts'

const popular = segment('popular', 'all', ['p1', 'p2', 'p3'])
const abc = list('u:u', ['a', 'b', 'c', 'd'])

/** Answers until it is cut off. */
class FallibleView extends ProcessView {
  isCut = false
  override async readUser(visitor: string) {
    if (this.isCut) throw new Error('cut')
    return super.readUser(visitor)
  }
  override async readValues(wanted: Parameters<View['readValues']>[0]) {
    if (this.isCut) throw new Error('cut')
    return super.readValues(wanted)
  }
  override async itemsVersion() {
    if (this.isCut) throw new Error('cut')
    return super.itemsVersion()
  }
  override isUp() {
    return !this.isCut
  }
}

test('with the view away known visitors get what was read last, strangers what is popular, nobody an error', async () => {
  const view = new FallibleView({ now: () => NOW_MS })
  const { app } = await testServer({ view, writes: [...abc, ...popular, ...related('similar', 'a', ['n1'])] })
  await app.inject('/v1/users/u/recommendations')
  await app.inject('/v1/items/a/similar')
  view.isCut = true
  const known = (await app.inject('/v1/users/u/recommendations?limit=2')).json<Answer>()
  assert.deepEqual(
    [idsOf(known), known.degraded],
    [
      ['a', 'b'],
      ['redis', 'stale'],
    ],
  )
  const stranger = (await app.inject('/v1/users/new/recommendations?limit=2')).json<Answer>()
  assert.deepEqual([idsOf(stranger), stranger.degraded], [['p1', 'p2'], ['redis']])
  const similar = (await app.inject('/v1/items/a/similar?limit=1')).json<Answer>()
  assert.deepEqual([idsOf(similar), similar.degraded], [['n1'], ['redis']])
  const trending = (await app.inject('/v1/trending?limit=1')).json<Answer>()
  assert.deepEqual(idsOf(trending), ['p1'])
  assert.equal((await app.inject('/health/ready')).statusCode, 200)
  await app.close()
})

test('a server that starts without its view is alive, not ready, and answers', async () => {
  const view = new FallibleView({ now: () => NOW_MS })
  view.isCut = true
  const { app } = await testServer({ view })
  assert.equal((await app.inject('/health/live')).statusCode, 200)
  assert.equal((await app.inject('/health/ready')).statusCode, 503)
  const response = await app.inject('/v1/users/u/recommendations')
  assert.deepEqual([response.statusCode, response.json<Answer>().degraded], [200, ['redis']])
  await app.close()
})

test('more reads than are allowed in flight are answered from memory', async () => {
  const { app } = await testServer({ writes: [...abc, ...popular], config: { maxInFlight: 0 } })
  const answer = (await app.inject('/v1/users/u/recommendations?limit=1')).json<Answer>()
  assert.deepEqual([idsOf(answer), answer.rung], [['p1'], 'popular'])
  assert.ok(answer.degraded.includes('overload'))
  await app.close()
})
