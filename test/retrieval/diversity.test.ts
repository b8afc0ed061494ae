import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diversify } from '../../retrieval/diversity.ts'

/** An item is its category letter and its brand letter; '-' is unknown. */
function order(...items: string[]): string[] {
  const code = (letter: string | undefined): number => (letter === '-' ? -1 : (letter ?? '-').charCodeAt(0))
  const numbers = Int32Array.from(items, (_, i) => i)
  const carried = Int32Array.from(items, (_, i) => i * 10)
  const brands = Int32Array.from(items, item => code(item[1]))
  diversify(numbers, carried, items.length, { categoryOf: item => code(items[item]?.[0]), brands })
  assert.deepEqual(
    [...carried],
    [...numbers].map(item => item * 10),
    'what is carried along moves along',
  )
  return [...numbers].map(item => `${items[item]}${item}`)
}

const cases: readonly { name: string; items: string[]; wanted: string[] }[] = [
  { name: 'an empty list', items: [], wanted: [] },
  { name: 'two of a kind stay together', items: ['Aa', 'Ab', 'Bc'], wanted: ['Aa0', 'Ab1', 'Bc2'] },
  { name: 'a third in a row waits for another', items: ['Aa', 'Ab', 'Ac', 'Bd'], wanted: ['Aa0', 'Ab1', 'Bd3', 'Ac2'] },
  { name: 'nothing else is left: best first', items: ['Aa', 'Ab', 'Ac'], wanted: ['Aa0', 'Ab1', 'Ac2'] },
  {
    name: 'unknown categories and brands break no rule',
    items: ['--', '--', '--', '--'],
    wanted: ['--0', '--1', '--2', '--3'],
  },
  {
    name: 'the fourth of a category falls behind the tenth place',
    items: ['Aa', 'Bb', 'Ac', 'Bd', 'Ae', 'Bf', 'Ag', 'Ch', 'Ci', 'Dj', 'Dk', 'El'],
    wanted: ['Aa0', 'Bb1', 'Ac2', 'Bd3', 'Ae4', 'Bf5', 'Ch7', 'Ci8', 'Dj9', 'Dk10', 'Ag6', 'El11'],
  },
  {
    name: 'the third of a brand falls behind the tenth place',
    items: ['Aa', 'Ba', 'Ca', '--', '--', '--', '--', '--', '--', '--', '--', '--'],
    wanted: ['Aa0', 'Ba1', '--3', '--4', '--5', '--6', '--7', '--8', '--9', '--10', 'Ca2', '--11'],
  },
]
for (const { name, items, wanted } of cases) test(name, () => assert.deepEqual(order(...items), wanted))

test('any list stays the same set, keeps the rules where others are left, and what lies behind keeps its order', () => {
  const item = fc.tuple(
    fc.constantFrom('A', 'B', 'C', 'D', '-'),
    fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', '-'),
  )
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), pairs => {
      const items = pairs.map(pair => pair.join(''))
      const got = order(...items)
      const numbers = got.map(one => Number(one.slice(2)))
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        items.map((_, i) => i),
      )
      const behind = numbers.slice(20)
      assert.deepEqual(
        behind,
        behind.toSorted((a, b) => a - b),
      )
    }),
  )
})

test('with plenty of others the top ten holds at most three of a category and two of a brand, and no run of three', () => {
  const letters = (n: number): fc.Arbitrary<string> => fc.nat(n).map(i => String.fromCharCode(65 + i))
  fc.assert(
    fc.property(fc.array(fc.tuple(letters(4), letters(7)), { maxLength: 40 }), pairs => {
      const others = Array.from(
        { length: 20 },
        (_, i) => `${String.fromCharCode(200 + i)}${String.fromCharCode(300 + i)}`,
      )
      const got = order(...pairs.map(pair => pair.join('')), ...others)
      const count = (at: number): number =>
        Math.max(...got.slice(0, 10).map(one => got.slice(0, 10).filter(other => other[at] === one[at]).length))
      assert.ok(count(0) <= 3 && count(1) <= 2, got.join(' '))
      for (let i = 2; i < 20; i++)
        assert.ok(got[i]?.[0] !== got[i - 1]?.[0] || got[i]?.[0] !== got[i - 2]?.[0], got.join(' '))
    }),
  )
})
