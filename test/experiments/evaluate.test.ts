/** A method led through a protocol: what it is shown, what is kept of its answers, and the figures made of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../experiments/evaluate.ts'
import { besideOf, figureOf, valuesOf } from '../../experiments/figures.ts'
import type { Method } from '../../experiments/method.ts'
import { protocolOf } from '../../experiments/protocols/protocols.ts'
import { item } from '../../schemas/item.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { logOf } from './logs.ts'

/** Recommends what it has learned, the newest first; learns a little later, as a system does. */
function newest(): Method & { readonly told: string[] } {
  const items: number[] = []
  const told: string[] = []
  return {
    name: 'newest',
    told,
    async learn({ item }) {
      await Promise.resolve()
      told.push(`+${item}`)
      items.unshift(item)
    },
    observe: ({ item }) => void told.push(`~${item}`),
    freeze: () => void told.push('freeze'),
    fit: () => void told.push('fit'),
    recommend: ({ isExcluded }, k) => [...new Set(items)].filter(one => !isExcluded(one)).slice(0, k),
  }
}
const answersOf = (method: Method, words: string, protocol = 'prequential', k = 2) => {
  const log = logOf(words)
  return evaluate(log, protocolOf(protocol, log, { seed: 1, split: protocol === 'prequential' ? 0 : 0.5 }), method, {
    k,
  })
}

test('lists and questions stand side by side, and the figures are those worked out by hand', async () => {
  // Asked: u:a [] miss, v:a [a] first, v:b [] (a is known) miss, w:a [b, a] second.
  const answers = await answersOf(newest(), 'u:a v:a v:b w:a')
  assert.deepEqual(answers.lists, [[], [0], [], [1, 0]])
  assert.deepEqual([...valuesOf(answers, 'HR', 2)], [0, 1, 0, 1])
  assert.deepEqual([...valuesOf(answers, 'MRR', 2)], [0, 1, 0, 0.5])
  assert.deepEqual([...valuesOf(answers, 'HR', 1)], [0, 1, 0, 0])
  const figure = figureOf(valuesOf(answers, 'MRR', 2), answers.asked, 1)
  assert.equal(figure.mean, 0.375)
  assert.equal(figure.count, 4)
  const heads = figureOf(valuesOf(answers, 'HR', 2), answers.asked, 1, one => one.userSegment === 'light')
  assert.equal(heads.count, 1) // v, who knew a when b came
})

test('coverage, popularity, novelty and short lists are those of what was known when it was asked for', async () => {
  const beside = besideOf(await answersOf(newest(), 'u:a v:a v:b w:a'), 2, 2)
  assert.equal(beside.coverage, 1)
  assert.equal(beside.short, 3 / 4)
  // [a] with counts a 1: 1. [b, a] with counts a 2, b 1: 0.75. Empty lists have none.
  assert.equal(beside.popularity, (1 + 0.75) / 2)
  // [a]: p = 2 / 3. [b, a]: p = 2 / 5 and 3 / 5.
  assert.ok(Math.abs(beside.novelty - (Math.log2(3 / 2) + (Math.log2(5 / 2) + Math.log2(5 / 3)) / 2) / 2) < 1e-12)
  assert.ok(Number.isNaN(beside.diversity)) // no catalogue
})

test('diversity is taken from the categories of the catalogue', async () => {
  const of = (...categories: string[]) => withDefaults(item, { title: 't', categories })
  const log = logOf('u:a v:a v:b w:c', { catalogue: new Map([['a', of('x', 'y')], ['b', of('x')]]) }) // biome-ignore format: one line
  const answers = await evaluate(log, protocolOf('prequential', log, { seed: 1 }), newest(), { k: 2 })
  assert.deepEqual([...answers.diversity], [Number.NaN, Number.NaN, Number.NaN, 0.5])
})

test('a frozen protocol fits, freezes and lets the visitor alone go on', async () => {
  const method = newest()
  await answersOf(method, 'u:a u:b u:c u:d', 'session/current-removed/frozen')
  assert.deepEqual(method.told, ['+0', '+1', 'fit', 'freeze', '~2', '~3'])
})

const faults = [
  { name: 'more items than asked for', list: [0, 1, 2], wants: /at most 2 items, got 3/ },
  { name: 'an item twice', list: [1, 1], wants: /an item stands twice/ },
  { name: 'an item that is excluded', list: [0], wants: /item 0 is excluded/ },
]
for (const { name, list, wants } of faults)
  test(`a method is stopped that recommends ${name}`, async () => {
    const method: Method = { name: 'wrong', learn() {}, recommend: ({ isExcluded }) => (isExcluded(0) ? list : []) }
    await assert.rejects(answersOf(method, 'u:a u:b'), wants)
  })

test('the ceiling counts the questions that a source could have answered, and those that any could', async () => {
  const sets = [new Map([['x', new Set([0])], ['y', new Set<number>()]]), new Map([['x', new Set([0])], ['y', new Set([1])]])] // biome-ignore format: one line
  let asked = 0
  const method: Method = {
    name: 'two sources',
    learn() {},
    recommend: () => [],
    candidates: () => sets[asked++] ?? new Map(),
  }
  const { ceiling } = await answersOf(method, 'u:a u:b')
  assert.deepEqual([...ceiling], [['x', 1], ['y', 1], ['union', 2]]) // biome-ignore format: one line
})

test('the signal ends it', async () => {
  const log = logOf('u:a v:a')
  const stop = AbortSignal.abort()
  const slow: Method = {
    name: 'slow',
    learn: () => new Promise(resolve => setTimeout(resolve, 60)),
    recommend: () => [],
  }
  const run = evaluate(log, protocolOf('prequential', log, { seed: 1 }), slow, { k: 2, signal: stop })
  await assert.rejects(run, { name: 'AbortError' })
})
