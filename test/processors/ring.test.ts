import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendAll, newestEntries, pageCount, type RingPage } from '../../processors/ring.ts'

test('a ring holds the newest entries, whatever was appended at once', () => {
  const shape = fc.record({ limit: fc.integer({ min: 1, max: 40 }), pageSize: fc.integer({ min: 1, max: 16 }) })
  fc.assert(
    fc.property(
      shape,
      fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }),
      fc.nat(60),
      (shape, batches, fewer) => {
        let pages: readonly RingPage<number>[] = []
        const all: number[] = []
        for (const size of batches) {
          const added = Array.from({ length: size }, (_, i) => all.length + i)
          all.push(...added)
          pages = appendAll(pages, added, shape)
          assert.deepEqual(newestEntries(pages, shape), all.slice(-shape.limit))
          const limit = Math.min(fewer, shape.limit)
          assert.deepEqual(newestEntries(pages, shape, limit), limit === 0 ? [] : all.slice(-limit))
          assert.ok(pages.length <= pageCount(shape))
        }
      },
    ),
  )
})

test('an append replaces one page and keeps the others', () => {
  const shape = { limit: 4, pageSize: 2 }
  const before = appendAll([], ['a', 'b', 'c'], shape)
  const after = appendAll(before, ['d'], shape)
  assert.deepEqual([after[0] === before[0], after[1]], [true, { number: 1, entries: ['c', 'd'] }])
  assert.equal(appendAll(before, [], shape), before)
})
