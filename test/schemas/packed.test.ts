import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasHash, hashSet, itemHash } from '../../schemas/item-hashes.ts'
import { packedFacts, packedKnown, packedSession } from '../../schemas/packed.ts'

const facts = {
  itemId: 'm1',
  row: 3,
  epoch: 0,
  title: 'T',
  categories: ['c'],
  brand: null,
  price: 2.5,
  publishedAt: null,
  available: true,
  marginTier: null,
  sponsored: false,
}

test('what was packed comes back', () => {
  assert.deepEqual({ ...packedFacts.unpack(packedFacts.pack(facts)) }, facts)
})

test('another kind, another layout, cut or absent bytes are a miss', () => {
  const bytes = packedFacts.pack(facts)
  const layout2 = Buffer.from(bytes)
  layout2[1] = 2
  assert.equal(packedSession.unpack(bytes), undefined)
  assert.equal(packedKnown.unpack(bytes), undefined)
  assert.equal(packedFacts.unpack(layout2), undefined)
  assert.equal(packedFacts.unpack(undefined), undefined)
  for (let end = 0; end < bytes.length; end++) assert.equal(packedFacts.unpack(bytes.subarray(0, end)), undefined)
})

test('a set of hashes has its own ids and, among a few hundred, no others', () => {
  const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 300 }), id, (ids, other) => {
      const set = hashSet(ids)
      assert.equal(set.length, ids.length * 6)
      for (const one of ids) assert.ok(hasHash(set, itemHash(one)))
      assert.equal(hasHash(set, itemHash(other)), ids.includes(other))
    }),
  )
})

test('a hundred thousand ids in sequence have a hash each', () => {
  assert.equal(new Set(Array.from({ length: 100_000 }, (_, index) => itemHash(`item-${index}`))).size, 100_000)
})
