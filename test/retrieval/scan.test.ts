import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ask } from '../../retrieval/ask.ts'
import { ItemSet } from '../../retrieval/item-set.ts'
import { Nearest } from '../../retrieval/nearest.ts'
import { type Scans, scanKernel } from '../../retrieval/scan-kernel.ts'
import { scanRows } from '../../retrieval/scan-rows.ts'
import { DIM, HEADER_BYTES, HITS_AT, ROW_BYTES, VectorSlab } from '../../retrieval/vector-slab.ts'

const ROUNDING = 5e-4

/** Vectors of unit length around a few centres, so that some are near and most are not. */
function unitVectors(count: number, seed: number): Float32Array[] {
  let state = seed
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32 - 0.5
  }
  const centres = Array.from({ length: 9 }, () => Float32Array.from({ length: DIM }, random))
  return Array.from({ length: count }, (_, i) => {
    const vector = Float32Array.from(centres[i % 9] as Float32Array, centre => centre + 0.8 * random())
    const length = Math.hypot(...vector)
    return vector.map(value => value / length)
  })
}

function slabOf(vectors: readonly Float32Array[]): VectorSlab {
  const slab = new VectorSlab()
  vectors.forEach((vector, item) => {
    slab.set(item, vector)
  })
  return slab
}

const open = () => {
  const blocked = new ItemSet()
  blocked.clear()
  return { blocked, isServable: () => true }
}

test('the kernel and its twin in TypeScript write the same hits, to the last bit', () => {
  const oneOrTwo = fc.constantFrom<keyof Scans>('one', 'two')
  const row = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: DIM, maxLength: DIM })
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 6, maxLength: 14 }),
      fc.integer({ min: -(2 ** 28), max: 2 ** 28 }),
      oneOrTwo,
      (rows, threshold, which) => {
        const [first = [], second = [], ...items] = rows.map(values => {
          const length = Math.max(1, Math.hypot(...values))
          return Float32Array.from(values, value => value / length)
        })
        const hitsOf = (scansOf: (slab: VectorSlab) => Scans): number[] => {
          const slab = slabOf(items)
          slab.setQuery(0, Float32Array.from(first))
          slab.setQuery(1, Float32Array.from(second))
          const end = HEADER_BYTES + Math.ceil(items.length / 4) * 4 * ROW_BYTES
          const hitsEnd = scansOf(slab)[which](HEADER_BYTES, end, threshold, -threshold, HITS_AT)
          return [...new Int32Array(slab.memory.buffer, HITS_AT, (hitsEnd - HITS_AT) / 4)]
        }
        assert.deepEqual(hitsOf(scanKernel), hitsOf(scanRows))
      },
    ),
    { numRuns: 200 },
  )
})

test('the greatest and the smallest dot product fit: a unit vector along one axis with itself and its opposite', () => {
  const axis = new Float32Array(DIM)
  axis[5] = 1
  const slab = slabOf([axis, axis.map(value => -value)])
  slab.setQuery(0, axis)
  const end = scanKernel(slab).one(HEADER_BYTES, HEADER_BYTES + 4 * ROW_BYTES, -(2 ** 30), 0, HITS_AT)
  const hits = [...new Int32Array(slab.memory.buffer, HITS_AT, (end - HITS_AT) / 4)]
  assert.deepEqual(
    hits.filter((_, i) => i % 2 === 1),
    [2 ** 28, -(2 ** 28), 0, 0],
  )
})

for (const size of [0, 1, 3, 1_023, 1_024, 1_025, 9_001]) {
  test(`${size} items: the nearest are those of a plain sort, within the rounding`, () => {
    const vectors = unitVectors(size, 7)
    const slab = slabOf(vectors)
    const nearest = new Nearest(slab, open(), 50)
    const [taste, content] = unitVectors(2, 99)
    const ask = new Ask()
    ask.taste.set(taste as Float32Array)
    ask.content.set(content as Float32Array)
    ask.hasTaste = true
    ask.hasContent = true
    nearest.find(ask, 50, 20)
    for (const [top, query, k] of [
      [nearest.taste, ask.taste, 50] as const,
      [nearest.content, ask.content, 20] as const,
    ]) {
      const exact = vectors.map(vector => vector.reduce((sum, value, d) => sum + value * (query[d] as number), 0))
      const best = exact.filter(score => score > ROUNDING).sort((a, b) => b - a)
      assert.ok(top.count >= Math.min(k, best.length) && top.count <= k, `${top.count} found`)
      for (let i = 0; i < Math.min(top.count, best.length); i++) {
        const item = top.items[i] as number
        assert.ok(Math.abs((top.scores[i] as number) - (exact[item] as number)) <= ROUNDING)
        assert.ok(Math.abs((top.scores[i] as number) - (best[i] as number)) <= ROUNDING)
      }
    }
  })
}

test('a sample that guesses too high a threshold costs a second walk, not items', () => {
  // The chunks of the sample, and nothing else, are like the query; of 9,216 rows they are the 2,048 that are looked at.
  const size = 9_216
  const near = new Float32Array(DIM)
  near[0] = 1
  const far = new Float32Array(DIM)
  far[0] = 0.6
  far[1] = 0.8
  const isSampled = (row: number): boolean =>
    Array.from({ length: 16 }, (_, chunk) => Math.floor((chunk * (size - 128)) / 15 / 4) * 4).some(
      from => row >= from && row < from + 128,
    )
  const slab = slabOf(Array.from({ length: size }, (_, row) => (isSampled(row) ? near : far)))
  const nearest = new Nearest(slab, open(), 3_000)
  const ask = new Ask()
  ask.taste.set(near)
  ask.hasTaste = true
  nearest.find(ask, 3_000, 0)
  assert.equal(nearest.taste.count, 3_000)
  assert.equal(nearest.taste.scores[2_047], 1)
  assert.ok(Math.abs((nearest.taste.scores[2_048] as number) - 0.6) <= ROUNDING)
})

test('items that may not be shown take no place among the nearest', () => {
  const slab = slabOf(unitVectors(100, 3))
  const admission = { ...open(), isServable: (item: number) => item % 2 === 0 }
  admission.blocked.add(4)
  const nearest = new Nearest(slab, admission, 10)
  const ask = new Ask()
  ask.taste.set(slab.row(4))
  ask.hasTaste = true
  nearest.find(ask, 10, 0)
  const found = [...nearest.taste.items.subarray(0, nearest.taste.count)]
  assert.equal(found.length, 10)
  assert.ok(found.every(item => item % 2 === 0 && item !== 4))
})

test('a slab that grew finds what stood in it before', () => {
  const slab = slabOf(unitVectors(1_000, 5))
  const nearest = new Nearest(slab, open(), 1)
  const wanted = Float32Array.from(slab.row(3))
  for (const [i, vector] of unitVectors(4_000, 6).entries()) slab.set(1_000 + i, vector)
  const ask = new Ask()
  ask.content.set(wanted)
  ask.hasContent = true
  nearest.find(ask, 0, 1)
  assert.deepEqual([nearest.taste.count, nearest.content.count, nearest.content.items[0]], [0, 1, 3])
})
