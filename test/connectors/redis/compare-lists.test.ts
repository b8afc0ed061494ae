import assert from 'node:assert/strict'
import { it } from 'node:test'
import { overlapOf } from '../../../connectors/redis/compare-lists.ts'

const ten = [...'abcdefghij']
const cases = [
  { name: 'the same', before: ten, after: ten, overlap: 1 },
  { name: 'another order of the same', before: ten, after: ten.toReversed(), overlap: 1 },
  { name: 'nothing in common', before: ['a'], after: ['b'], overlap: 0 },
  { name: 'one of ten', before: ten, after: ['a', ...'klmnopqrs'], overlap: 0.1 },
  { name: 'a shorter list', before: ten, after: ten.slice(0, 4), overlap: 0.4 },
  { name: 'what is behind the tenth does not count', before: [...ten, 'x'], after: [...ten, 'y'], overlap: 1 },
  { name: 'both empty', before: [], after: [], overlap: 1 },
  { name: 'one empty', before: [], after: ['a'], overlap: 0 },
]
for (const { name, before, after, overlap } of cases)
  it(`overlap of the first ten: ${name}`, () => assert.equal(overlapOf(before, after), overlap))
