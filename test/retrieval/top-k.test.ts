import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TopK } from '../../retrieval/top-k.ts'

test('the k best of any stream, best first, ties by item number, as a sort has them', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.nat(500), fc.integer({ min: -5, max: 5 })), { selector: ([item]) => item }),
      fc.nat(20),
      (offers, k) => {
        const top = new TopK(12)
        top.begin(k)
        for (const [item, score] of offers) top.offer(item, score)
        top.finish()
        const wanted = offers.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, Math.min(k, 12))
        const got = Array.from({ length: top.count }, (_, i) => [top.items[i], top.scores[i]])
        assert.deepEqual(got, wanted)
      },
    ),
  )
})

test('the threshold is the worst of k once there are k, and nothing passes for k = 0', () => {
  const top = new TopK(2)
  top.begin(2)
  top.offer(1, 5)
  assert.equal(top.threshold, Number.NEGATIVE_INFINITY)
  top.offer(2, 3)
  assert.equal(top.threshold, 3)
  top.begin(0)
  assert.equal(top.threshold, Number.POSITIVE_INFINITY)
})
