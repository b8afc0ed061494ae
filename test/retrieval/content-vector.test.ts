import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Content, contentVector } from '../../retrieval/content-vector.ts'

const lengthOf = (values: Float32Array): number => Math.hypot(...values)
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, d) => sum + value * (b[d] as number), 0)
const isNear = (value: number, wanted: number): boolean => Math.abs(value - wanted) < 1e-5

const halves: readonly { name: string; content: Partial<Content>; words: number; embedding: number }[] = [
  { name: 'nothing known', content: {}, words: 0, embedding: 0 },
  { name: 'words alone', content: { title: 'red shoe' }, words: 1, embedding: 0 },
  { name: 'an embedding alone', content: { embedding: [0.1, -4, 3] }, words: 0, embedding: 1 },
  { name: 'both', content: { title: 'red shoe', embedding: [1] }, words: Math.SQRT1_2, embedding: Math.SQRT1_2 },
  { name: 'an embedding of zeros', content: { title: 'red shoe', embedding: [0, 0] }, words: 1, embedding: 0 },
  { name: 'an embedding with NaN', content: { title: 'red shoe', embedding: [1, Number.NaN] }, words: 1, embedding: 0 },
  { name: 'an embedding beyond float32', content: { title: 'red shoe', embedding: [1e300] }, words: 1, embedding: 0 },
  { name: 'a title without words', content: { title: ' — !' }, words: 0, embedding: 0 },
]
for (const { name, content, words, embedding } of halves) {
  test(`${name}: halves of length ${words.toFixed(3)} and ${embedding.toFixed(3)}`, () => {
    const vector = contentVector(content)
    assert.equal(vector.length, 64)
    assert.ok(isNear(lengthOf(vector.subarray(0, 32)), words))
    assert.ok(isNear(lengthOf(vector.subarray(32)), embedding))
  })
}

test('whatever comes in, the vector has unit length or none, and is the same again', () => {
  const words = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 })
  const content = fc.record({
    title: fc.string({ unit: 'grapheme' }),
    categories: words,
    tags: words,
    brand: fc.option(fc.string()),
    embedding: fc.option(fc.array(fc.double(), { maxLength: 200 })),
  })
  fc.assert(
    fc.property(content, given => {
      const vector = contentVector(given)
      const length = lengthOf(vector)
      assert.ok(length === 0 || isNear(length, 1), `length ${length}`)
      assert.deepEqual(contentVector(structuredClone(given)), vector)
    }),
  )
})

test('order of words, case and width do not matter; the field they stand in does', () => {
  const same = contentVector({ title: 'Red SHOE' })
  assert.ok(isNear(dot(same, contentVector({ title: 'shoe red' })), 1))
  assert.ok(isNear(dot(same, contentVector({ title: 'Ｒed shoe' })), 1))
  assert.ok(dot(same, contentVector({ tags: ['red', 'shoe'] })) < 0.9)
})

test('a word decides by its hash which dimensions rise: equal weights, so every entry is ±1/√32', () => {
  const vector = contentVector({ brand: 'acme' }).subarray(0, 32)
  for (const value of vector) assert.ok(isNear(Math.abs(value), 1 / Math.sqrt(32)))
})

test('the words of the same category are nearer than those of another, on average', () => {
  const items = Array.from({ length: 60 }, (_, i) =>
    contentVector({ title: `item ${i}`, categories: [i % 2 ? 'books' : 'games'], brand: `brand ${i % 7}` }),
  )
  const query = contentVector({ categories: ['books'] })
  const mean = (odd: number): number =>
    items.filter((_, i) => i % 2 === odd).reduce((sum, item) => sum + dot(query, item), 0) / 30
  assert.ok(mean(1) > mean(0) + 0.5, `${mean(1)} against ${mean(0)}`)
})

test('the projection of an embedding keeps near what was near: cosines within 0.5 of those of 512 dimensions', () => {
  const wave = (step: number): number[] => Array.from({ length: 512 }, (_, j) => Math.sin(j * 0.37 + step))
  for (const step of [0.2, 0.8, 1.6, 3.1]) {
    const projected = dot(contentVector({ embedding: wave(0) }), contentVector({ embedding: wave(step) }))
    assert.ok(Math.abs(projected - Math.cos(step)) < 0.5, `${projected} for ${Math.cos(step)}`)
  }
})
