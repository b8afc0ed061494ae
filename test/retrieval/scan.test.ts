import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ask } from '../../retrieval/ask.ts'
import { ItemSet } from '../../retrieval/item-set.ts'
import { Nearest } from '../../retrieval/nearest.ts'
import { type Scans, scanKernel } from '../../retrieval/scan-kernel.ts'
import { scanRows } from '../../retrieval/scan-rows.ts'
import { BLOCK_ROWS, DIM, HITS_AT, VectorSlab } from '../../retrieval/vector-slab.ts'

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

/** @returns what one scan writes: twice the row, plus 1 for the second query, and the dot product, and so on */
function hitsOf(scans: Scans, which: keyof Scans, slab: VectorSlab, from: number, to: number, thresholds: number[]) {
  const [first = 0, second = 0] = thresholds
  const end = scans[which](from, to, first, second)
  return [...new Int32Array(slab.memory.buffer, HITS_AT, (end - HITS_AT) / 4)]
}

const unit = fc.double({ min: -1, max: 1, noNaN: true })
const words = fc.array(unit, { minLength: DIM / 2, maxLength: DIM / 2 })
/** With or without a second half, dense, or nearly one axis, whose numbers are too large for the coarse copy. */
const vector = fc
  .tuple(words, fc.oneof(words, fc.constant([])), fc.nat(DIM - 1), fc.constantFrom(0, 0, 30))
  .map(([first, second, axis, extra]) => {
    const values = Float32Array.from({ length: DIM }, (_, d) => first[d] ?? second[d - DIM / 2] ?? 0)
    if (axis < DIM / 2 || second.length > 0) values[axis] = (values[axis] as number) + extra
    const length = Math.hypot(...values)
    return length < 1e-3 ? values.fill(0) : values.map(value => value / length)
  })

test('the kernels and their twin in TypeScript write the same hits, to the last bit', () => {
  const oneOrTwo = fc.constantFrom<keyof Scans>('one', 'two')
  const near = fc.record({ row: fc.nat(100), below: fc.integer({ min: -1, max: 2 ** 22 }) })
  fc.assert(
    fc.property(
      fc.array(vector, { minLength: 1, maxLength: 30 }),
      fc.tuple(vector, vector),
      near,
      oneOrTwo,
      (items, queries, { row, below }, which) => {
        const slab = slabOf(items)
        queries.forEach((query, q) => {
          slab.setQuery(q as 0 | 1, query)
        })
        const all = hitsOf(scanRows(slab), 'two', slab, 0, Math.ceil(items.length / 4) * 4, [-(2 ** 31), -(2 ** 31)])
        // The thresholds are at a dot product that occurs, or a little below it: that is where an error would show.
        const at = row % items.length
        const thresholds = [0, 4].map(query => (all[2 * (8 * (at >> 2) + query + (at % 4)) + 1] ?? 0) - below)
        const [kernel, twin] = [scanKernel, scanRows].map(scansOf =>
          hitsOf(scansOf(slab), which, slab, 0, Math.ceil(items.length / 4) * 4, thresholds),
        )
        assert.deepEqual(kernel, twin)
      },
    ),
    { numRuns: 500 },
  )
})

test('the greatest and the smallest dot product fit: a unit vector along one axis with itself and its opposite', () => {
  for (const axis of [5, DIM - 1]) {
    const along = new Float32Array(DIM)
    along[axis] = 1
    const slab = slabOf([along, along.map(value => -value)])
    slab.setQuery(0, along)
    const hits = hitsOf(scanKernel(slab), 'one', slab, 0, 4, [-(2 ** 30)])
    assert.deepEqual(
      hits.filter((_, i) => i % 2 === 1),
      [2 ** 28, -(2 ** 28), 0, 0],
    )
  }
})

test('a query whose numbers all stand in one lane of the kernel does not overflow it', () => {
  const lane = Float32Array.from({ length: DIM }, (_, d) => ((d >> 1) % 8 === 3 ? 8 ** -0.5 : 0))
  const slab = slabOf([lane, lane.map(value => -value), lane])
  slab.setQuery(0, lane)
  assert.deepEqual(
    hitsOf(scanKernel(slab), 'one', slab, 0, 4, [2 ** 27]),
    hitsOf(scanRows(slab), 'one', slab, 0, 4, [2 ** 27]),
  )
})

test('rows are made anew with a second half when the first vector comes that has one, and stay what they were', () => {
  const halves = unitVectors(BLOCK_ROWS + 5, 11).map(one => one.fill(0, DIM / 2))
  const slab = slabOf(halves)
  assert.equal(slab.width, DIM / 2)
  const query = halves[BLOCK_ROWS + 1] as Float32Array
  const near = (): number[] => {
    slab.setQuery(0, query)
    return [0, BLOCK_ROWS].flatMap(from => hitsOf(scanKernel(slab), 'one', slab, from, from + 8, [2 ** 26]))
  }
  const before = near()
  assert.ok(before.length > 0)
  slab.set(BLOCK_ROWS + 900, unitVectors(1, 3)[0] as Float32Array)
  assert.equal(slab.width, DIM)
  assert.deepEqual(near(), before)
})

for (const size of [0, 1, 3, 2_047, 2_048, 2_049, 9_001]) {
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
    Array.from({ length: 32 }, (_, chunk) => Math.floor((chunk * (size - 64)) / 31 / 64) * 64).some(
      from => row >= from && row < from + 64,
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
