import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ListHolders, PLACES } from '../../processors/list-holders.ts'

test('whoever shows an item is named once when it is taken down, over any lists, whatever showed it before', () => {
  const top = fc.uniqueArray(fc.nat(30), { maxLength: PLACES })
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ slot: fc.nat(9), top }) },
    { weight: 1, arbitrary: fc.record({ item: fc.nat(30) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const holders = new ListHolders()
      const tops = new Map<number, Set<number>>()
      for (const one of steps) {
        if ('slot' in one) {
          holders.set(one.slot, Int32Array.from(one.top))
          tops.set(one.slot, new Set(one.top))
          continue
        }
        const wanted = [...tops].filter(([, items]) => items.has(one.item)).map(([slot]) => slot)
        assert.deepEqual(holders.take(one.item).sort(), wanted.sort())
        for (const items of tops.values()) items.delete(one.item)
      }
    }),
    { numRuns: 500 },
  )
})

test('items and visitors far beyond the first capacity are held, each in all places they have', () => {
  const holders = new ListHolders()
  for (let slot = 0; slot < 5_000; slot++)
    holders.set(
      slot,
      Int32Array.from({ length: PLACES }, (_, i) => slot + i),
    )
  assert.deepEqual(
    holders.take(4_500).sort((a, b) => a - b),
    Array.from({ length: PLACES }, (_, i) => 4_500 - PLACES + 1 + i),
  )
  assert.deepEqual([holders.take(4_500), holders.take(1e6)], [[], []])
})
