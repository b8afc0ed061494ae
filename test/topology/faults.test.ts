/**
 * Two processes share one log while a seeded scheduler crashes, fences and loses answers; a fresh process then finishes
 * the work. Whatever happened, every record counts once: state, table and the stream of outputs.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import type { Scheduler, StepLabel, Verdict } from '../../topology/scheduler.ts'
import { Driver } from './driver.ts'
import { randomOf } from './random.ts'
import { interactionOf, sample, steps, type Tally, tallies } from './sample.ts'

const SEEDS = 150
const EVENTS = 60
const VISITORS = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus']

const FAULTS: Partial<Record<StepLabel, readonly Verdict[]>> = {
  'commit:begin': ['crash', 'fence'],
  'commit:append': ['crash'],
  'commit:end': ['crash', 'lose-request', 'lose-answer'],
  'consume:fetch': ['crash', 'duplicate'],
  'transactor:open': ['crash'],
}

/** Faults for the clients `a` and `b` only, so that the test itself and the last process stay whole. */
function faulty(random: () => number, seen: Map<string, number>): Scheduler {
  return {
    step(client, label) {
      if (client !== 'a' && client !== 'b') return 'run'
      const faults = FAULTS[label]
      if (!faults || random() > 0.04) return 'run'
      const verdict = faults[Math.floor(random() * faults.length)] ?? 'run'
      seen.set(`${label} ${verdict}`, (seen.get(`${label} ${verdict}`) ?? 0) + 1)
      return verdict
    },
  }
}

describe('a stage under faults', () => {
  const seen = new Map<string, number>()
  it(`counts every record once, whatever ${SEEDS} seeds do to it`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = randomOf(seed)
      const driver = await Driver.open(sample(), {
        partitions: 1 + Math.floor(random() * 3),
        maxBatchRecords: 1 + Math.floor(random() * 20),
        scheduler: faulty(random, seen),
      })
      await driver.start(driver.log.client('a'))
      await driver.start(driver.log.client('b'))
      for (let i = 0; i < EVENTS; i++) {
        const visitor = VISITORS[Math.floor(random() * VISITORS.length)] as string
        await driver.publish(topics.interactions, [{ key: visitor, value: interactionOf(visitor, `i${i}`) }])
        if (random() < 0.3) await driver.turn(1 + Math.floor(random() * 40))
      }
      await driver.start(driver.log.client('healthy'))
      await driver.settle(12_000)
      const outputs = await driver.read<Tally>(steps)
      const items = new Set(outputs.map(one => one.value?.items.split(';').at(-2)))
      assert.equal(outputs.length, EVENTS, `seed ${seed}: records in the output stream`)
      assert.equal(items.size, EVENTS, `seed ${seed}: each its own`)
      const total = [...(await driver.table<Tally>(tallies)).values()].reduce((sum, row) => sum + row.events, 0)
      assert.equal(total, EVENTS, `seed ${seed}: events in the table`)
      await driver.close()
    }
    for (const [label, verdicts] of Object.entries(FAULTS))
      for (const verdict of verdicts ?? [])
        assert((seen.get(`${label} ${verdict}`) ?? 0) > 0, `${label} ${verdict} was never tried`)
  })
})
