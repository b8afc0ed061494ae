import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FilterEntry, withoutAborted } from '../../topology/abort-filter.ts'

const data = (offset: number, producerId: string): FilterEntry => ({
  offset,
  producerId,
  isTransactional: true,
  control: undefined,
})
const marker = (offset: number, producerId: string, control: 'commit' | 'abort' | 'other'): FilterEntry => ({
  ...data(offset, producerId),
  control,
})

const cases: { name: string; log: FilterEntry[]; aborted: [producer: string, first: number][]; seen: number[] }[] = [
  {
    name: 'without aborted transactions only control records are left out',
    log: [data(0, 'a'), marker(1, 'a', 'commit'), data(2, 'a')],
    aborted: [],
    seen: [0, 2],
  },
  {
    name: 'of two that overlap the inner one aborts first and is named first',
    log: [data(0, 'a'), data(1, 'b'), marker(2, 'b', 'abort'), data(3, 'a'), marker(4, 'a', 'abort'), data(5, 'b')],
    aborted: [
      ['b', 1],
      ['a', 0],
    ],
    seen: [5],
  },
  {
    name: 'two transactions that were open before the fetch began are both left out',
    log: [data(7, 'a'), data(8, 'b'), marker(9, 'a', 'abort'), data(10, 'a'), marker(11, 'b', 'abort')],
    aborted: [
      ['a', 2],
      ['b', 3],
    ],
    seen: [10],
  },
  {
    name: 'a producer commits after it has aborted',
    log: [data(0, 'a'), marker(1, 'a', 'abort'), data(2, 'a'), marker(3, 'a', 'commit')],
    aborted: [['a', 0]],
    seen: [2],
  },
  {
    name: 'a record outside of transactions is seen though its producer id is open',
    log: [{ ...data(0, 'a'), isTransactional: false }, data(1, 'a'), marker(2, 'a', 'abort')],
    aborted: [['a', 0]],
    seen: [0],
  },
  {
    name: 'a control record of another kind ends nothing',
    log: [data(0, 'a'), marker(1, 'a', 'other'), data(2, 'a'), marker(3, 'a', 'abort')],
    aborted: [['a', 0]],
    seen: [],
  },
]

for (const { name, log, aborted, seen } of cases) {
  test(`abort filter: ${name}`, () => {
    const list = aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset }))
    assert.deepEqual(
      withoutAborted(log, list, entry => entry).map(({ offset }) => offset),
      seen,
    )
  })
}
