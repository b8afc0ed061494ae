import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { COVERED_PROCESSORS, coveredStages } from './all-processors.ts'
import { Drive } from './drive.ts'
import { obeysStepLaws, survivesCut } from './laws.ts'

test('the laws cover every D and C processor', () => {
  const names = coveredStages.flatMap(stage => stage.processors.map(one => one.name))
  assert.equal(new Set(names).size, COVERED_PROCESSORS, names.join(', '))
})

for (const stage of coveredStages) {
  test(`${stage.name} stage: every step is pure, fits its schemas and keeps untouched pages`, () => {
    fc.assert(
      fc.property(stage.events({ maxLength: 60 }), events => obeysStepLaws(stage, events)),
      { numRuns: 40 },
    )
  })

  test(`${stage.name} stage: a long run stays under its bounds`, t => {
    const seed = Date.now() % 1_000_000
    t.diagnostic(`seed ${seed}`) // not a property: nobody reads 2,500 events of a counterexample
    const [events] = fc.sample(stage.events({ minLength: 2500, maxLength: 2500 }), { numRuns: 1, seed })
    obeysStepLaws(stage, events ?? [])
  })

  test(`${stage.name} stage: a run cut anywhere and resumed from its bytes equals one uncut`, () => {
    fc.assert(
      fc.property(stage.events({ maxLength: 150 }), fc.nat(150), (events, at) =>
        survivesCut(stage, events, Math.min(at, events.length)),
      ),
      { numRuns: 60 },
    )
  })

  test(`${stage.name} stage: the random events reach acceptance and refusal`, () => {
    const events = fc.sample(stage.events({ minLength: 500, maxLength: 500 }), { numRuns: 1, seed: 1 })[0] ?? []
    const emitting = new Drive(stage.processors).sendAll(events).filter(one => !one.rejected).length
    assert.ok(emitting > events.length / 4, `wanted more than a quarter to count, got ${emitting} of ${events.length}`)
  })
}
