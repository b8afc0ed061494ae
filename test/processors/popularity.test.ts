import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SCALE } from '../../processors/decay.ts'
import { defaultFolds } from '../../processors/options.ts'
import { popularity } from '../../processors/popularity.ts'
import type { Popularity } from '../../schemas/popularity.ts'
import type { PopularityPage } from '../../schemas/popularity-page.ts'
import { SIGNAL } from '../../schemas/signals.ts'
import { Drive } from './drive.ts'
import { DAY_MS, delta, deltasOf, EPOCH_MS, sentItem } from './item-events.ts'

const processor = popularity(defaultFolds)
const AT = { partition: 0, offset: 0, appendedAtMs: 0 }
const SLOW = EPOCH_MS / (8 * defaultFolds.popularHalfLifeMs)
const FAST = EPOCH_MS / (8 * defaultFolds.trendingHalfLifeMs)

interface Weight {
  readonly cell: string
  readonly days: number
  readonly amount: number
}
function rowOf(weights: readonly Weight[]) {
  const drive = new Drive([processor])
  for (const { cell, days, amount } of weights)
    drive.send(sentItem(deltasOf('a', EPOCH_MS + days * DAY_MS, [delta(SIGNAL.popularity, cell, amount)])))
  const state = drive.stateOf<{ pages: readonly PopularityPage[] }>('popularity', 'a')
  const record = processor.tables?.[0]?.records('a', state, AT)[0]?.value as Popularity
  return { record, canonical: processor.store?.canonical?.(state), isOverflowed: processor.store?.overflowed?.(state) }
}
const weight = (cell: string, days = 0, amount = 2): Weight => ({ cell, days, amount })

test('a weight counts in its cell at both half-lives', () => {
  const { record } = rowOf([weight('AT|mobile'), weight('AT|mobile', 7), weight('|')])
  assert.deepEqual(record, {
    itemId: 'a',
    newestMs: EPOCH_MS + 7 * DAY_MS,
    cells: [
      {
        country: 'AT',
        device: 'mobile',
        slow: [{ epoch: SLOW, sum: (2 + 4) * SCALE }],
        fast: [{ epoch: FAST, sum: (2 + 256) * SCALE }], // seven half-lives of a day
      },
      { country: '', device: '', slow: [{ epoch: SLOW, sum: 2 * SCALE }], fast: [{ epoch: FAST, sum: 2 * SCALE }] },
    ],
  })
})

test('what is taken back leaves no cell', () => {
  assert.deepEqual(rowOf([weight('AT|mobile'), weight('AT|mobile', 0, -2)]).record.cells, [])
})

const countries = (count: number) => Array.from({ length: count }, (_, i) => weight(`C${i}|`))
const bounds = [
  { name: '63 known cells and the unknown one have room', weights: [...countries(63), weight('|')], cells: 64 },
  { name: 'whichever of them comes first', weights: [weight('|'), ...countries(63)], cells: 64 },
  { name: 'the 64th known cell is counted as unknown', weights: countries(64), cells: 64, unknown: 2 },
  { name: 'and so is every other one', weights: [...countries(66), weight('|')], cells: 64, unknown: 8 },
]
for (const { name, weights, cells, unknown } of bounds)
  test(name, () => {
    const { record, isOverflowed } = rowOf(weights)
    assert.equal(record.cells.length, cells)
    assert.equal(isOverflowed, unknown !== undefined)
    const sum = record.cells.find(cell => cell.country === '')?.slow[0]?.sum
    if (unknown !== undefined) assert.equal(sum, unknown * SCALE)
  })

test('any order of arrival, with takings back among it, gives the same cells', () => {
  const weights = fc.array(
    fc.record({
      cell: fc.constantFrom('AT|mobile', 'AT|', '|', 'DE|desktop'),
      days: fc.integer({ min: -55, max: 0 }), // within the eight epochs that a fast counter keeps
      amount: fc.constantFrom(2, 4, 6),
    }),
    { maxLength: 60, size: 'max' },
  )
  const arrivals = fc.tuple(weights, weights).chain(([kept, taken]) => {
    const all = [...kept, ...taken, ...taken.map(one => ({ ...one, amount: -one.amount }))]
    return fc.tuple(fc.constant(kept), fc.shuffledSubarray(all, { minLength: all.length }))
  })
  fc.assert(fc.property(arrivals, ([kept, all]) => assert.deepEqual(rowOf(all).canonical, rowOf(kept).canonical)))
})
