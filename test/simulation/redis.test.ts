/** The simulated Redis is held to the same page as the real one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../topology/clock.ts'
import { viewConformance } from '../conformance/view.ts'
import { RedisServer } from './redis-server.ts'
import { type Connection, SimulatedRedisView } from './redis-view.ts'

const whole: Connection = { step: async () => 'run', answer() {} }

viewConformance('the simulated Redis', async () => {
  const server = new RedisServer({ now: () => 0 })
  const view = new SimulatedRedisView(server, whole, systemClock, 'freshet')
  return { view, flush: async () => server.flush(), close: () => view.close() }
})

test('a replica that takes over knows nothing of what it had not heard of', () => {
  let nowMs = 0
  const server = new RedisServer({ now: () => nowMs })
  for (nowMs of [10, 20, 30]) {
    server.set('a', String(nowMs))
    server.hset(`h${nowMs}`, ['f', 'x'])
  }
  server.failOver(10)
  assert.equal(server.get('a'), '10')
  assert.deepEqual([...server.image().keys()], ['a', 'h10'])
})
