import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { interactionCode } from './list-codes.ts'
import { ListState, MAX_TOUCHES, TOUCH_FIELDS } from '../../processors/list-state.ts'
import {
  dislikedWeight,
  isBought,
  isDisliked,
  likedWeight,
  mergeTouches,
  strengthOf,
  touch,
} from '../../processors/list-touch.ts'
import { ItemIndex } from '../../retrieval/item-index.ts'
import { UserVector } from '../../retrieval/user-vector.ts'
import { DIM } from '../../retrieval/vector-slab.ts'
import { features } from './list-fixture.ts'

function catalogue(size: number): ItemIndex {
  const items = new ItemIndex()
  for (let i = 0; i < size; i++) {
    const facts = { title: `thing ${i}`, categories: [`c${i % 7}`], embedding: [i, 1 / (i + 1), -i % 5] }
    items.apply({ key: `i${i}`, value: features(`i${i}`, facts) })
  }
  return items
}

test('a touch keeps strength, purchase and aversion apart', () => {
  for (const strength of [0, 1, 6, 0xffff]) {
    for (const bought of [false, true]) {
      for (const disliked of [false, true]) {
        const code = touch(strength, bought, disliked)
        assert.deepEqual([strengthOf(code), isBought(code), isDisliked(code)], [strength, bought, disliked])
      }
    }
  }
})

const merges: readonly { name: string; earlier: number; later: number; merged: number }[] = [
  {
    name: 'strength never falls',
    earlier: touch(6, true, false),
    later: touch(2, false, false),
    merged: touch(6, true, false),
  },
  {
    name: 'a skip after a like',
    earlier: touch(4, false, false),
    later: touch(0, false, true),
    merged: touch(4, false, true),
  },
  {
    name: 'a view after a skip',
    earlier: touch(0, false, true),
    later: touch(2, false, false),
    merged: touch(2, false, false),
  },
]
for (const { name, earlier, later, merged } of merges)
  test(name, () => assert.equal(mergeTouches(earlier, later), merged))

test('the running user vector equals one summed anew, within 1e-5, after any events, cold records and new item vectors', () => {
  const items = catalogue(40)
  const step = fc.oneof(
    fc.record({ kind: fc.constant('touch' as const), item: fc.nat(49), weight: fc.constantFrom(6, 4, 2, -1, -2) }),
    fc.record({ kind: fc.constant('cold' as const), covered: fc.nat(3) }),
    fc.record({ kind: fc.constant('vector' as const), item: fc.nat(39), word: fc.string() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const state = new ListState('u:1', 0)
      steps.forEach((one, offset) => {
        state.userVector(items) // as a build between the events does
        if (one.kind === 'touch') {
          state.touch([{ item: one.item, atMs: offset, code: interactionCode(one.weight) }], offset, items)
        } else if (one.kind === 'vector') {
          items.apply({ key: `i${one.item}`, value: features(`i${one.item}`, { title: one.word }) })
        } else {
          const cold: number[] = []
          state.forEach((item, code) => {
            cold.unshift(item, code)
          })
          state.settle(Int32Array.from(cold), new Int32Array(0), offset - one.covered)
        }
        const anew = new UserVector(items.revision)
        state.forEach((item, code) => {
          anew.change(items.vectors.row(item), likedWeight(code), dislikedWeight(code))
        })
        const [running, wanted] = [new Float32Array(DIM), new Float32Array(DIM)]
        assert.equal(state.userVector(items).read(running), anew.read(wanted))
        for (let d = 0; d < DIM; d++) assert.ok(Math.abs((running[d] as number) - (wanted[d] as number)) < 1e-5)
      })
    }),
    { numRuns: 60 },
  )
})

test('touches covered by a cold record go, later ones stay, and each item is visited once, newest first', () => {
  const items = catalogue(5)
  const state = new ListState('u:1', 0)
  state.touch([{ item: 1, atMs: 1, code: touch(2, false, false) }], 10, items)
  state.touch([{ item: 2, atMs: 2, code: touch(4, false, false) }], 11, items)
  state.settle(Int32Array.of(3, touch(2, false, false), 1, touch(2, false, false)), new Int32Array(0), 10)
  const seen: number[][] = []
  state.forEach((item, code) => {
    seen.push([item, strengthOf(code)])
  })
  assert.deepEqual(seen, [
    [2, 4],
    [1, 2],
    [3, 2],
  ])
})

test(`${MAX_TOUCHES} touches are kept, the next one drives the oldest out`, () => {
  const items = catalogue(1)
  const state = new ListState('u:1', 0)
  for (let item = 0; item <= MAX_TOUCHES; item++) {
    state.touch([{ item, atMs: item, code: touch(2, false, false) }], item, items)
    assert.equal(state.touches.length / TOUCH_FIELDS, Math.min(item + 1, MAX_TOUCHES))
  }
  assert.deepEqual([state.touchOf(0), state.touchOf(1)], [-1, 0])
})
