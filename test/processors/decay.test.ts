import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addUnits, decayedUnits, decayedWeight, epochOf, KEPT_EPOCHS, SCALE } from '../../processors/decay.ts'
import type { EpochSum } from '../../schemas/neighbours.ts'
import { DAY_MS } from './item-events.ts'

const WEEK_MS = 7 * DAY_MS
const EPOCH_MS = 8 * WEEK_MS

const units: { name: string; weight: number; atMs: number; units: number }[] = [
  { name: 'the start of an epoch adds the plain weight', weight: 1, atMs: 40 * EPOCH_MS, units: 65_536 },
  { name: 'a half-life later counts twice', weight: 1, atMs: 40 * EPOCH_MS + WEEK_MS, units: 131_072 },
  { name: 'half a half-life later counts √2 times', weight: 1, atMs: 40 * EPOCH_MS + WEEK_MS / 2, units: 92_682 },
  { name: 'seven half-lives later counts 128 times', weight: 2, atMs: 41 * EPOCH_MS - WEEK_MS, units: 16_777_216 },
  { name: 'what is taken back is the negative', weight: -1, atMs: 40 * EPOCH_MS + WEEK_MS, units: -131_072 },
  { name: 'a half is rounded away from 0 when added', weight: 0.5 / SCALE, atMs: 0, units: 1 },
  { name: 'and when taken back', weight: -0.5 / SCALE, atMs: 0, units: -1 },
]
for (const { name, weight, atMs, units: wanted } of units)
  test(name, () => assert.equal(decayedUnits(weight, atMs, WEEK_MS), wanted))

const sum = (epoch: number, of: number): EpochSum => ({ epoch, sum: of })
const additions: { name: string; to: EpochSum[]; epoch: number; units: number; sums: EpochSum[] }[] = [
  { name: 'the first units open their epoch', to: [], epoch: 5, units: 7, sums: [sum(5, 7)] },
  { name: 'units join their epoch', to: [sum(5, 7)], epoch: 5, units: 1, sums: [sum(5, 8)] },
  {
    name: 'epochs stay ascending',
    to: [sum(3, 1), sum(5, 7)],
    epoch: 4,
    units: 1,
    sums: [sum(3, 1), sum(4, 1), sum(5, 7)],
  },
  { name: 'an epoch taken back whole is gone', to: [sum(3, 1), sum(5, 7)], epoch: 5, units: -7, sums: [sum(3, 1)] },
  { name: 'no units open no epoch', to: [], epoch: 5, units: 0, sums: [] },
  { name: 'seven epochs back is remembered', to: [sum(3, 1)], epoch: 10, units: 1, sums: [sum(3, 1), sum(10, 1)] },
  { name: 'eight epochs back is forgotten', to: [sum(3, 1)], epoch: 11, units: 1, sums: [sum(11, 1)] },
  { name: 'also when it comes late', to: [sum(11, 1)], epoch: 3, units: 1, sums: [sum(11, 1)] },
]
for (const { name, to, epoch, units: added, sums } of additions)
  test(name, () => assert.deepEqual(addUnits(to, epoch, added), sums))

test('a weight halves with every half-life, whichever epoch it was counted in', () => {
  const atMs = 40 * EPOCH_MS + 3 * WEEK_MS
  const sums = addUnits([], epochOf(atMs, WEEK_MS), decayedUnits(3, atMs, WEEK_MS))
  for (const halfLives of [0, 1, 2, 5, 9])
    assert.equal(decayedWeight(sums, atMs + halfLives * WEEK_MS, WEEK_MS), 3 / 2 ** halfLives)
})

test('a reader takes the newest four epochs that are not empty', () => {
  const sums = [1, 3, 5, 6, 7].map(epoch => sum(epoch, SCALE))
  assert.equal(decayedWeight(sums, 7 * EPOCH_MS, WEEK_MS), 1 + 2 ** -8 + 2 ** -16 + 2 ** -32)
})

test('any order of arrival gives the same sums', () => {
  const event = fc.record({ weight: fc.constantFrom(1, 2, 3), atMs: fc.nat(30 * EPOCH_MS) })
  const total = (events: { weight: number; atMs: number }[]) =>
    events.reduce<EpochSum[]>(
      (sums, { weight, atMs }) => addUnits(sums, epochOf(atMs, WEEK_MS), decayedUnits(weight, atMs, WEEK_MS)),
      [],
    )
  const shuffled = fc
    .array(event, { maxLength: 30 })
    .chain(events => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })))
  fc.assert(
    fc.property(shuffled, ([events, others]) => {
      const sums = total(events)
      assert.deepEqual(sums, total(others))
      assert.ok(sums.length <= KEPT_EPOCHS)
    }),
  )
})
