import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { BroadcastIndex, TableRecord, ViewDefinition } from '../../processors/define.ts'
import { topics } from '../../schemas/topics.ts'
import { type Topology, topology } from '../../topology/graph.ts'
import { Driver } from './driver.ts'
import { interactionOf, sample, type Tally, tallies, tallyTopic } from './sample.ts'

const names = tallyTopic('names.v1', 'table')
const shown = tallyTopic('shown.v1', 'table')

class Names implements BroadcastIndex {
  readonly of = new Map<string, string>()
  apply({ key, value }: TableRecord): void {
    this.of.set(key, (value as Tally).items)
  }
}

/** Shows every tally under the visitor's name, as far as the broadcast knows it. */
const showing = (built: string[]): ViewDefinition => ({
  name: 'showing',
  version: 1,
  class: 'V',
  inputs: [tallies],
  broadcasts: [names],
  indexes: { [names.name]: () => new Names() },
  output: shown,
  intervalMs: 100,
  counters: {},
  create(context) {
    const index = context.index<Names>(names)
    const rows = new Map<string, Tally>()
    return {
      apply({ key, value }) {
        rows.set(key, value as Tally)
        return [key]
      },
      onBroadcast: ({ key }) => (rows.has(key) ? [key] : []),
      build(key) {
        built.push(key)
        const events = rows.get(key)?.events ?? 0
        return [{ key, value: { visitor: key, events, items: index.of.get(key) ?? 'nobody' } satisfies Tally }]
      },
    }
  },
})

const withView = (built: string[]): Topology =>
  topology({ ...sample(), sources: [topics.interactions, names], views: [showing(built)], sink: [shown] })

const touch = (driver: Driver, ...visitors: string[]) =>
  driver.publish(
    topics.interactions,
    visitors.map(key => ({ key, value: interactionOf(key, 'x') })),
  )
const name = (key: string, items: string) => ({ key, value: { visitor: key, events: 0, items } })

describe('a V stage', () => {
  it('builds every stale key, with the broadcast loaded before the first', async () => {
    const built: string[] = []
    const driver = await Driver.open(withView(built), { partitions: 3 })
    await driver.publish(names, [name('ann', 'Ann'), name('bob', 'Bob')])
    await driver.start()
    await touch(driver, 'ann', 'bob', 'cyd', 'ann')
    await driver.settle(400)
    const rows = await driver.table<Tally>(shown)
    assert.deepEqual(
      ['ann', 'bob', 'cyd'].map(key => [rows.get(key)?.events, rows.get(key)?.items]),
      [
        [2, 'Ann'],
        [1, 'Bob'],
        [1, 'nobody'],
      ],
    )
    await driver.close()
  })

  it('rebuilds the keys that a broadcast record makes stale', async () => {
    const driver = await Driver.open(withView([]))
    await driver.start()
    await touch(driver, 'ann')
    await driver.settle(400)
    await driver.publish(names, [name('ann', 'Ann')])
    await driver.settle(400)
    assert.equal((await driver.table<Tally>(shown)).get('ann')?.items, 'Ann')
    await driver.close()
  })

  it('does not build again after a restart what is published, and builds what is not', async () => {
    const before: string[] = []
    const driver = await Driver.open(withView(before))
    const first = await driver.start()
    await touch(driver, 'ann', 'bob')
    await driver.settle(2_500)
    await first.stop()
    assert.deepEqual(before.toSorted(), ['ann', 'bob'])
    const after: string[] = []
    await driver.start(driver.log, { topology: withView(after) })
    await driver.settle(400)
    assert.deepEqual(after, [])
    await touch(driver, 'cyd')
    await driver.settle(400)
    assert.deepEqual(after, ['cyd'])
    await driver.close()
  })

  it('loses no key when its process dies before positions are committed', async () => {
    const driver = await Driver.open(withView([]))
    const only = { ...withView([]), stages: [] }
    const client = driver.log.client('dies')
    await driver.start(driver.log, { topology: { ...withView([]), views: [] } })
    await driver.start(client, { topology: only })
    await touch(driver, 'ann', 'bob')
    client.crash()
    await driver.settle(7_000)
    await driver.start(driver.log, { topology: only })
    await driver.settle(7_000)
    assert.deepEqual([...(await driver.table<Tally>(shown)).keys()].toSorted(), ['ann', 'bob'])
    await driver.close()
  })
})
