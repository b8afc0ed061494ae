import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { INCARNATIONS, incarnationsOf } from '../../topology/incarnations.ts'
import { IndefiniteError } from '../../topology/log-port.ts'
import { prepareTopics } from '../../topology/runner.ts'
import { SimulatedLog } from '../../topology/simulated-log.ts'
import { sample } from './sample.ts'

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}
const clockAt = (nowMs: number) => ({ now: () => nowMs, wait: turns, every: () => () => {} })

describe('the incarnations of topics', () => {
  it('are the same for two processes that start at once, however they interleave', async () => {
    for (let seed = 0; seed < 64; seed++) {
      let step = 0
      const log = new SimulatedLog({
        scheduler: {
          async step(client) {
            // Each bit of the seed holds one of the two back for some turns at one of its first steps.
            if (client !== 'main' && (seed >> (step++ % 6)) & 1) await turns(7)
            return 'run' as const
          },
        },
      })
      const prepare = (name: string, nowMs: number) =>
        prepareTopics({
          topology: sample(),
          namespace: 'freshet',
          partitions: 1,
          log: log.client(name),
          clock: clockAt(nowMs),
        })
      const [a, b] = await Promise.all([prepare('a', 1_000), prepare('b', 2_000)])
      const c = await prepare('c', 3_000)
      assert.deepEqual([...a].sort(), [...c].sort(), `seed ${seed}: the first`)
      assert.deepEqual([...b].sort(), [...c].sort(), `seed ${seed}: the second`)
    }
  })

  it('are asked for again where the lease could not be taken at once', async () => {
    const log = new SimulatedLog()
    let refusals = 2
    const busy = new Proxy(log, {
      get(target, call) {
        if (call === 'transactor' && refusals-- > 0) return () => Promise.reject(new IndefiniteError('no answer'))
        const value = target[call as keyof typeof target]
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const clock = clockAt(1_000)
    const known = await prepareTopics({ topology: sample(), namespace: 'freshet', partitions: 1, log: busy, clock })
    assert.equal(known.get('tallies.v1'), 1_000)
  })

  it('rise when a topic is created anew', async () => {
    const log = new SimulatedLog()
    await prepareTopics({ topology: sample(), namespace: 'freshet', partitions: 1, log, clock: clockAt(1_000) })
    const names = ['tallies.v1', 'steps.v1']
    const created = ['tallies.v1']
    const asked = { log, table: INCARNATIONS, partitions: 1, lease: 'l', names, created, clock: clockAt(500) }
    const again = await incarnationsOf(asked)
    assert.deepEqual([again.get('tallies.v1'), again.get('steps.v1')], [1_001, 1_000])
  })
})
