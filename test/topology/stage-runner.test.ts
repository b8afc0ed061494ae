import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { topics } from '../../schemas/topics.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { recommender } from '../../topology/recommender.ts'
import type { Scheduler } from '../../topology/scheduler.ts'
import { TaskState } from '../../topology/state.ts'
import { Driver } from './driver.ts'
import { interactionOf, sample } from './sample.ts'

describe('the tasks of a stage', () => {
  it('forget signals that are counted and committed, and say how far behind they are', async () => {
    const driver = await Driver.open({ ...recommender(defaultFolds, {}), views: [] }, { partitions: 2 })
    const { metrics } = await driver.start()
    await driver.publish(
      topics.interactions,
      Array.from({ length: 40 }, (_, i) => ({ key: `u${i}`, value: interactionOf(`u${i}`, `i${i}`, i + 1) })),
    )
    await driver.settle(1_000)
    assert((await driver.read(topics.signals)).length > 0, 'nothing is forgotten at once')
    for (let i = 0; i < 3; i++) await driver.turn(601_000)
    await driver.settle(100)
    assert.equal((await driver.read(topics.signals)).length, 0)
    const text = await metrics.registry.metrics()
    assert.match(text, /freshet_lag_records\{stage="user",topic="interactions\.v1",partition="0"\} 0/)
    await driver.close()
  })

  it('stop by name where somebody has added a partition to an input', async () => {
    const driver = await Driver.open({ ...recommender(defaultFolds, {}), views: [] }, { partitions: 2 })
    const none = { begin: 0, end: 0 }
    const enlarged = new Proxy(driver.log, {
      get(log, call) {
        if (call === 'offsets')
          return async (topic: string) => [
            ...(await log.offsets(topic)),
            ...(topic === 'interactions.v1' ? [none] : []),
          ]
        const value = log[call as keyof typeof log]
        return typeof value === 'function' ? value.bind(log) : value
      },
    })
    const { fatal } = await driver.start(enlarged)
    await driver.turn(10_000)
    await driver.settle(100)
    const [error] = fatal
    assert(error instanceof FreshetError)
    assert.equal(error.code, 'TOPIC_MISMATCH')
    assert.match(error.message, /^interactions\.v1: partitions: wanted 2, got 3/)
    await driver.close()
  })

  it('find their signals again after a process has slept while another one went on', async () => {
    const asleep = { gate: undefined as Promise<void> | undefined }
    const scheduler: Scheduler = {
      step: (client, label) =>
        client === 'a' && label === 'consume:fetch' && asleep.gate ? asleep.gate.then(() => 'run') : 'run',
    }
    const driver = await Driver.open({ ...recommender(defaultFolds, {}), views: [] }, { scheduler })
    const send = (from: number) =>
      driver.publish(
        topics.interactions,
        [0, 1, 2].map(i => ({ key: 'ann', value: interactionOf('ann', `i${from + i}`, from + i + 1) })),
      )
    const sleeper = driver.log.client('a')
    const a = await driver.start(sleeper)
    await send(0)
    await driver.settle(8_000) // the coalesced tables are told: nothing is left that a fenced commit would show
    const held = Promise.withResolvers<void>()
    asleep.gate = held.promise
    sleeper.expel()
    const b = await driver.start(driver.log.client('b'))
    for (let i = 0; i < 10; i++) await driver.turn(100)
    await send(3)
    for (let i = 0; i < 40; i++) await driver.turn(1_000)
    await b.stop()
    asleep.gate = undefined
    held.resolve()
    await send(6)
    await driver.settle(2_000)
    assert.deepEqual(a.fatal, [])
    const [item] = a.running.stages.get('item')?.tasks.values() ?? []
    assert.equal(item?.positions[topics.signals.name], (await driver.log.offsets(topics.signals.name))[0]?.end)
    await driver.close()
  })

  it('call a page of another schema by its name instead of reading nonsense', () => {
    const [stage] = sample().stages
    assert(stage)
    const page = { kind: 'data', slot: 0, page: 0, key: 'ann', value: Buffer.from([250, 1]) } as const
    const isMismatch = (error: unknown) => error instanceof FreshetError && error.code === 'STATE_MISMATCH'
    assert.throws(() => new TaskState(stage).restore(page), isMismatch)
    assert.throws(() => new TaskState(stage).restore({ ...page, slot: 9 }), isMismatch)
  })
})
