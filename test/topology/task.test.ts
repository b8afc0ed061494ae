import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { readState } from '../../topology/read-state.ts'
import { digestOf } from '../../topology/digest.ts'
import { Driver } from './driver.ts'
import { interactionOf, sample, slowTallies, steps, type Tally, tallies } from './sample.ts'

const VISITORS = ['ann', 'bob', 'cyd', 'dan', 'eve']
const stream = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => {
    const visitor = VISITORS[(from + i) % VISITORS.length] as string
    return { key: visitor, value: interactionOf(visitor, `i${from + i}`) }
  })
const eventsOf = (rows: Map<string, Tally>) => Object.fromEntries([...rows].map(([key, row]) => [key, row.events]))
const nameOf = (topic: { readonly name: string }) => topic.name

async function digest(driver: Driver): Promise<string> {
  const [stage] = sample().stages
  assert(stage)
  const { states } = await readState(driver.log, stage, nameOf)
  return JSON.stringify(digestOf(stage, states))
}

describe('a task', () => {
  it('folds every record once and publishes the last value a key', async () => {
    const driver = await Driver.open(sample(), { partitions: 4 })
    await driver.start()
    await driver.publish(topics.interactions, stream(100))
    await driver.settle()
    assert.deepEqual(eventsOf(await driver.table(tallies)), { ann: 20, bob: 20, cyd: 20, dan: 20, eve: 20 })
    assert.equal((await driver.read(steps)).length, 100)
    await driver.close()
  })

  it('goes on where it stopped, in another process', async () => {
    const driver = await Driver.open(sample(), { partitions: 4 })
    const first = await driver.start()
    await driver.publish(topics.interactions, stream(50))
    await driver.settle()
    await first.stop()
    await driver.publish(topics.interactions, stream(50, 50))
    await driver.start()
    await driver.settle()
    assert.deepEqual(eventsOf(await driver.table(tallies)), { ann: 20, bob: 20, cyd: 20, dan: 20, eve: 20 })
    assert.equal((await driver.read(steps)).length, 100)
    await driver.close()
  })

  it('publishes a coalesced table once per key and interval, and after a restart what was left unpublished', async () => {
    const driver = await Driver.open(sample())
    const first = await driver.start()
    await driver.publish(topics.interactions, stream(30))
    await driver.settle(400)
    assert.equal((await driver.read(slowTallies)).length, 0, 'nothing before the interval is over')
    await first.stop()
    await driver.start()
    await driver.settle(1_500)
    assert.deepEqual(eventsOf(await driver.table(slowTallies)), { ann: 6, bob: 6, cyd: 6, dan: 6, eve: 6 })
    assert.equal((await driver.read(slowTallies)).length, 5)
    await driver.settle(3_000)
    assert.equal((await driver.read(slowTallies)).length, 5, 'and not again')
    await driver.close()
  })

  it('sets aside what is refused or fails, and goes on with the rest of the batch', async () => {
    const driver = await Driver.open(sample())
    const { metrics } = await driver.start()
    const records = ['a', 'refuse', 'b', 'boom', 'c'].map(itemId => ({
      key: 'ann',
      value: interactionOf('ann', itemId),
    }))
    await driver.publish(topics.interactions, records)
    await driver.log.produce([
      { topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value: Buffer.from('{ not json') },
      { topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value: Buffer.from([7, 7, 7]) },
      { topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value: Buffer.from([0, 0, 0, 99, 99, 1]) },
      { topic: 'interactions.v1', partition: 0, key: Buffer.from('ann'), value: null },
    ])
    await driver.settle()
    assert.equal((await driver.table<Tally>(tallies)).get('ann')?.items, 'a;b;c;')
    const rejected = await driver.read<{ code: string; offset: number; value: Buffer | null }>(topics.rejected)
    assert.deepEqual(
      rejected.map(one => [one.value?.code, one.value?.offset]),
      [
        ['INVALID_FIELD', 1],
        ['HANDLER_FAILED', 3],
        ['INVALID_JSON', 5],
        ['UNKNOWN_FORMAT', 6],
        ['UNKNOWN_SCHEMA', 7],
        ['UNKNOWN_FORMAT', 8],
      ],
    )
    assert.deepEqual(rejected[2]?.value?.value, Buffer.from('{ not json'))
    assert.match(await metrics.registry.metrics(), /freshet_rejected_total\{stage="sample",code="HANDLER_FAILED"\} 1/)
    await driver.close()
  })

  it('stops when processors fail on more than 1 % of the records, from the tenth on', async () => {
    const driver = await Driver.open(sample())
    const { fatal } = await driver.start()
    const failing = (count: number) =>
      Array.from({ length: count }, () => ({ key: 'ann', value: interactionOf('ann', 'boom') }))
    await driver.publish(topics.interactions, failing(9))
    await driver.settle()
    assert.deepEqual(fatal, [])
    await driver.publish(topics.interactions, failing(1))
    await driver.settle()
    assert.match(String((fatal[0] as Error | undefined)?.message), /sample\[0\]: 10 of the last 10 records failed/)
    await driver.close()
  })

  it('refuses a record that lies in the wrong partition', async () => {
    const driver = await Driver.open(sample(), { partitions: 4 })
    await driver.start()
    const value = driver.wire.encode(topics.interactions, interactionOf('ann', 'a'))
    await driver.log.produce(
      [0, 1, 2, 3].map(partition => ({ topic: 'interactions.v1', partition, key: Buffer.from('ann'), value })),
    )
    await driver.settle()
    assert.equal((await driver.table<Tally>(tallies)).get('ann')?.events, 1)
    const codes = (await driver.read<{ code: string }>(topics.rejected)).map(one => one.value?.code)
    assert.deepEqual(codes, ['MISPLACED_KEY', 'MISPLACED_KEY', 'MISPLACED_KEY'])
    await driver.close()
  })

  it('refuses to start on state that another version folded', async () => {
    const driver = await Driver.open(sample())
    const first = await driver.start()
    await driver.publish(topics.interactions, stream(5))
    await driver.settle()
    await first.stop()
    const { fatal } = await driver.start(driver.log, { topology: sample(2) })
    await driver.settle()
    assert.match(String(fatal[0]?.message), /folded with other options or processor versions/)
    await driver.close()
  })

  it('says that data is lost when retention has passed its position', async () => {
    const driver = await Driver.open(sample())
    const first = await driver.start()
    await driver.publish(topics.interactions, stream(5))
    await driver.settle()
    await first.stop()
    await driver.publish(topics.interactions, stream(20, 5))
    await driver.log.purge({ topic: 'interactions.v1', partition: 0 }, 15)
    const { fatal } = await driver.start()
    await driver.settle()
    assert.match(String(fatal[0]?.message), /wanted interactions.v1 from offset 5, the log holds 15 to 25/)
    await driver.close()
  })

  for (const partitions of [1, 4, 12])
    for (const maxBatchRecords of [1, 7, 500])
      it(`has the same digest with ${partitions} partitions and batches of ${maxBatchRecords}`, async () => {
        const driver = await Driver.open(sample(), { partitions, maxBatchRecords })
        await driver.start()
        await driver.publish(topics.interactions, stream(120))
        await driver.settle(300)
        const reference = await Driver.open(sample())
        await reference.start()
        await reference.publish(topics.interactions, stream(120))
        await reference.settle(300)
        assert.equal(await digest(driver), await digest(reference))
        await driver.close()
        await reference.close()
      })
})
