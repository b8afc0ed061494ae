import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { publicList } from '../../connectors/public-list.ts'
import { reasonOf } from '../../connectors/reason.ts'
import { sourceName } from '../../retrieval/sources.ts'
import { itemsOf, PUBLIC_ITEMS } from '../../schemas/list-items.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import { columnsOf } from '../schemas/list-columns.ts'

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
  fc.constantFrom('"', '\\', 'a"b', '\n', '\u0000', '\u2028', '\ud83d', '\ude00', '😀', '</script>', 'sku-1', 'sku-2'),
)
const list: fc.Arbitrary<RankedList> = fc
  .record({
    visitor: fc.tuple(fc.constantFrom('u:', 'a:'), text).map(([kind, id]) => kind + id),
    listId: text,
    builtAtMs: fc.nat(2 ** 31),
    partition: fc.constantFrom(-1, 0, 7),
    offset: fc.constantFrom(-1, 0, 2 ** 53 - 1),
    appendedAtMs: fc.nat(),
    model: text,
    rung: fc.constant('full'),
    items: fc.array(
      fc.record({
        itemId: text,
        score: fc.integer({ min: 1, max: 10_000 }).map(units => units / 10_000),
        sources: fc.constant(1),
        source: fc.nat(9),
        because: fc.array(text, { maxLength: 3 }),
      }),
      { maxLength: PUBLIC_ITEMS + 3 },
    ),
  })
  .map(({ items, ...about }) => ({ ...about, ...columnsOf(items) }))

test('whatever the ids are, the JSON says what JSON.stringify would', () => {
  fc.assert(
    fc.property(list, given => {
      const items = itemsOf(given)
        .slice(0, PUBLIC_ITEMS)
        .map(({ itemId, score, source, because }) => {
          const name = sourceName(source)
          return { itemId, score, source: name, reason: reasonOf(name, because) }
        })
      const id = given.visitor.slice(2)
      assert.deepEqual(JSON.parse(publicList(given, sourceName)), {
        ...(given.visitor.startsWith('u:') ? { userId: id } : { anonymousId: id }),
        listId: given.listId,
        builtAt: given.builtAtMs,
        asOf: `${given.partition}:${given.offset}`,
        model: given.model,
        items,
      })
    }),
    { numRuns: 1_000 },
  )
})

test('two items of one source with different reasons keep their own', () => {
  const about = { itemId: 'i', score: 0.5, sources: 1, source: 0 }
  const given = [[], ['a'], ['b'], ['a', 'b'], ['b', 'a'], ['a']].map(because => ({ ...about, because }))
  const columns = columnsOf([...given, { ...about, source: 1, because: [] }])
  const whole = { visitor: 'u:1', listId: 'l', builtAtMs: 0, partition: 0, offset: 0, appendedAtMs: 0, model: 'm' }
  const { items } = JSON.parse(publicList({ ...whole, rung: 'full', ...columns }, sourceName)) as {
    items: { reason: string }[]
  }
  assert.deepEqual(
    items.map(one => one.reason),
    [
      'Often viewed together with what you viewed',
      'Often viewed together with a',
      'Often viewed together with b',
      'Often viewed together with a, b',
      'Often viewed together with b, a',
      'Often viewed together with a',
      'Often viewed next',
    ],
  )
})
