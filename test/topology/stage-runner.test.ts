import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { topics } from '../../schemas/topics.ts'
import { FreshetError } from '../../schemas/errors.ts'
import { recommender } from '../../topology/recommender.ts'
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
    await driver.settle(11_000)
    assert.equal((await driver.read(topics.signals)).length, 0)
    const text = await metrics.registry.metrics()
    assert.match(text, /freshet_lag_records\{stage="user",topic="interactions\.v1",partition="0"\} 0/)
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
