import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Best } from '../../retrieval/best.ts'

const scored = (scores: readonly number[], items: readonly number[]) => {
  const floats = Float32Array.from(scores)
  return { scores: floats, bits: new Int32Array(floats.buffer), items: Int32Array.from(items), count: scores.length }
}

/** Many are equal or nearly so, some are far outside of what the histogram tells apart, some are not above 0. */
const score = fc.oneof(
  fc.integer({ min: 1, max: 8 }).map(n => n / 8),
  fc.double({ min: 1e-9, max: 100, noNaN: true }),
  fc.double({ min: 0.5, max: 0.52, noNaN: true }),
  fc.constantFrom(0, -0, -0.5, 1e-30, 1e30),
)

test('the k best above 0, best first, ties by item, as a sort has them; unsorted, the same ones', () => {
  const best = new Best()
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ item: fc.nat(9_999), score }), { selector: one => one.item, maxLength: 200 }),
      fc.nat(120),
      (all, k) => {
        const given = scored(
          all.map(one => one.score),
          all.map(one => one.item),
        )
        const wanted = [...given.items.keys()]
          .filter(place => (given.scores[place] as number) > 0)
          .sort(
            (a, b) =>
              (given.scores[b] as number) - (given.scores[a] as number) ||
              (given.items[a] as number) - (given.items[b] as number),
          )
          .slice(0, k)
        best.choose(given, k)
        assert.deepEqual(
          [...best.places.subarray(0, best.count)].sort((a, b) => a - b),
          wanted.toSorted((a, b) => a - b),
        )
        best.sort(given)
        assert.deepEqual([...best.places.subarray(0, best.count)], wanted)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('5,000 equal scores: the lowest items, in order', () => {
  const best = new Best()
  const given = scored(
    Array.from({ length: 5_000 }, () => 0.25),
    Array.from({ length: 5_000 }, (_, i) => 5_000 - i),
  )
  best.choose(given, 3)
  best.sort(given)
  assert.deepEqual([...best.places.subarray(0, best.count)], [4_999, 4_998, 4_997])
})
