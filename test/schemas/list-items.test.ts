import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { becauseOf, itemsOf, type ListItem, ListColumnWriter, PUBLIC_ITEMS } from '../../schemas/list-items.ts'
import { columnsOf } from './list-columns.ts'

const item = (itemId: string, over: Partial<ListItem> = {}): ListItem => ({
  itemId,
  score: 0.5,
  sources: 1,
  source: 0,
  because: [],
  ...over,
})

test('columns worked out by hand', () => {
  const columns = columnsOf([
    item('sku-10', { score: 0.9, sources: 0b101, source: 2, because: ['sku-7', 'sku-8'] }),
    item('sku-2', { score: 0.85555 }),
    item('sku-3', { score: 0.85566, because: ['sku-8'] }),
  ])
  assert.deepEqual(columns, {
    idPrefix: 'sku-',
    because: ['7', '8'],
    itemIds: ['10', '2', '3'],
    scores: [9000, -444, 1], // 0.85555 is 8556 units, 0.85566 is 8557
    sources: Buffer.from([5, 1, 1]),
    source: Buffer.from([2, 0, 0]),
    reasons: Buffer.from([2, 0, 1, 0, 1, 1]),
  })
})

const id = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  fc.constantFrom('a', 'ab', 'abc', 'x-😀', 'x-😁', 'x-😀1', '😀', '😁'),
)
const items = fc.array(
  fc
    .record({
      itemId: id,
      score: fc.integer({ min: 1, max: 10_000 }).map(units => units / 10_000),
      sources: fc.integer({ min: 1, max: 255 }),
      source: fc.nat(7),
      because: fc.uniqueArray(id, { maxLength: 3 }),
    })
    .map(one => ({ ...one })),
  { maxLength: PUBLIC_ITEMS },
)

test('the items of a list come back as they were written', () => {
  fc.assert(
    fc.property(items, given => {
      assert.deepEqual(itemsOf(columnsOf(given)), given)
    }),
  )
})

test('what the ids have in common is written once and ends with a whole character', () => {
  for (const { ids, prefix } of [
    { ids: ['x-😀', 'x-😁'], prefix: 'x-' }, // the two share the first half of their last character
    { ids: ['x-😀1', 'x-😀2'], prefix: 'x-😀' },
    { ids: ['only'], prefix: 'only' },
    { ids: ['ab', 'abc'], prefix: 'ab' },
    { ids: ['a', 'b'], prefix: '' },
    { ids: [], prefix: '' },
  ])
    assert.equal(columnsOf(ids.map(one => item(one))).idPrefix, prefix)
  assert.equal(columnsOf([item('sku-1', { because: ['sou'] })]).idPrefix, 's', 'reasons count, too')
})

test('the last public item has its reasons, the one behind it none', () => {
  const given = Array.from({ length: PUBLIC_ITEMS + 1 }, (_, at) => item(`i${at}`, { because: [`r${at}`] }))
  const got = itemsOf(columnsOf(given))
  assert.deepEqual(got[PUBLIC_ITEMS - 1]?.because, [`r${PUBLIC_ITEMS - 1}`])
  assert.deepEqual(got[PUBLIC_ITEMS]?.because, [])
})

test('an item has three reasons at most, the strongest', () => {
  const because = ['r1', 'r2', 'r3', 'r4']
  const columns = columnsOf([item('i', { because }), item('j', { because: ['r4'] })])
  assert.deepEqual(
    itemsOf(columns).map(one => one.because),
    [['r1', 'r2', 'r3'], ['r4']],
  )
})

test('a score of almost nothing is a unit, which is not nothing', () => {
  assert.equal(itemsOf(columnsOf([item('i', { score: 1e-9 })]))[0]?.score, 0.0001)
})

test('columns that are too short read as 0 and without reasons, and a place without an id as no reason', () => {
  const columns = { ...new ListColumnWriter(0).finish(), itemIds: ['i', 'j'], scores: [9], reasons: Buffer.from([1]) }
  const short = { score: 0.0009, sources: 0, source: 0, because: [] }
  assert.deepEqual(itemsOf(columns), [
    { itemId: 'i', ...short },
    { itemId: 'j', ...short },
  ])
})

test('becauseOf names every item that is a reason, once', () => {
  const columns = columnsOf([item('i-1', { because: ['i-7', 'i-8'] }), item('i-2', { because: ['i-8'] })])
  assert.deepEqual(becauseOf(columns), ['i-7', 'i-8'])
})
