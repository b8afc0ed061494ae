/** Results and reports: comparisons on the same questions, the same again, and pages that hold what they should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answers } from '../../experiments/evaluate.ts'
import { evaluateMethods, mainMetric } from '../../experiments/evaluate-methods.ts'
import { methodOf } from '../../experiments/methods.ts'
import { protocolNames, protocolOf } from '../../experiments/protocols/protocols.ts'
import { withSection } from '../../experiments/quality-page.ts'
import { htmlReport } from '../../experiments/report-html.ts'
import { markdownReport } from '../../experiments/report-markdown.ts'
import { barPlot, linePlot } from '../../experiments/report-plots.ts'
import { compare } from '../../experiments/result.ts'
import { suite } from '../../experiments/suite.ts'
import { logOf } from './logs.ts'

const answers = (method: string, lists: readonly (readonly number[])[]): Answers => ({
  method,
  about: undefined,
  lists,
  asked: lists.map((_, at) => ({
    next: [1],
    relevant: [1],
    unit: at,
    userSegment: 'new',
    itemSegment: 'new',
    atMs: at,
  })),
  popularity: new Float64Array(lists.length),
  novelty: new Float64Array(lists.length),
  diversity: new Float64Array(lists.length),
  ceiling: new Map(),
  cpuMs: 0,
})

test('the difference of two methods is that of their means, and only questions that one alone hits count for McNemar', () => {
  const ours = answers('ours', [[1], [1], [0, 1], [0], [1], [1]])
  const theirs = answers('theirs', [[1], [0], [1], [0], [0], [0]])
  const { difference, low, high, p, pOfHits } = compare(ours, theirs, { metric: 'MRR', k: 2 }, 1)
  assert.ok(Math.abs(difference - (4.5 - 2) / 6) < 1e-12)
  assert.ok(low < difference && difference < high)
  assert.ok(Math.abs(pOfHits - 0.25) < 1e-12) // three only ours, none only theirs: 2 / 2^3
  assert.ok(p > 0.05 && p < 0.35)
  const same = compare(ours, ours, { metric: 'MRR', k: 2 }, 1)
  assert.deepEqual([same.difference, same.p, same.pOfHits], [0, 1, 1])
})

test('methods that were asked different things are not compared', () => {
  assert.throws(
    () => compare(answers('a', [[1]]), answers('b', []), { metric: 'HR', k: 1 }, 1),
    /a was asked 1 questions, b 0/,
  )
})

const words = Array.from({ length: 30 }, (_, n) => `u${n % 7}:i${(n * n) % 11}`).join(' ')
const options = { protocol: 'prequential', methods: ['popularity', 'ar', 'item-knn:shrinkage=1'], ks: [5], seed: 3 }

test('an evaluation is the same again, and another with another seed in its intervals alone', async () => {
  const first = await evaluateMethods(logOf(words), options)
  assert.deepEqual(await evaluateMethods(logOf(words), options), first)
  const other = await evaluateMethods(logOf(words), { ...options, seed: 4 })
  const means = ({ methods }: typeof first) => methods.map(method => method.figures['HR@5']?.mean)
  assert.deepEqual(means(other), means(first))
  assert.notDeepEqual(other.methods[0]?.figures['HR@5'], first.methods[0]?.figures['HR@5'])
  assert.equal(first.methods[2]?.name, 'item-knn:shrinkage=1')
  assert.equal(first.methods[0]?.firstAgainstThis, undefined)
  assert.ok(first.methods[1]?.firstAgainstThis)
})

test('the segments of users, and those of items, take every question once; so do the parts over time', async () => {
  const { methods, questions } = await evaluateMethods(logOf(words), options)
  for (const { segments, overTime } of methods) {
    const sum = (kind: string) =>
      Object.entries(segments).reduce((all, [name, { count }]) => all + (name.startsWith(kind) ? count : 0), 0)
    assert.deepEqual([sum('user'), sum('item')], [questions, questions])
    assert.equal(overTime.reduce((all, { count }) => all + count, 0), questions) // biome-ignore format: one line
  }
})

test('the reports name data, seed and every method, and hold a plot of each; the page is well formed', async () => {
  const result = await evaluateMethods(logOf(words, { name: 'clicks <b>' }), options)
  const markdown = markdownReport(result)
  const html = htmlReport(result)
  for (const report of [markdown, html]) {
    for (const { name } of result.methods) assert.ok(report.includes(name))
    assert.ok(report.includes(result.data.hash.slice(0, 16)))
    assert.match(report, /seed 3/)
  }
  assert.ok(!html.includes('<b>') && html.includes('clicks &#60;b&#62;'))
  assert.equal(html.match(/<svg /g)?.length, 2)
  assert.equal(html.match(/<polyline /g)?.length, 3)
  const open = [...html.matchAll(/<(table|tr|td|th|svg|body|html)\b/g)].length
  assert.equal([...html.matchAll(/<\/(table|tr|td|th|svg|body|html)>/g)].length, open)
})

test('plots of nothing are nothing; a bar is as high as its value', () => {
  assert.equal(linePlot([]), '')
  assert.equal(barPlot([], []), '')
  const heights = [...barPlot(['g'], [{ name: 'a', values: [1] }, { name: 'b', values: [0.5] }]).matchAll(/height="([\d.]+)" fill="#(?!ddd)[0-9a-f]+"\/?>/g)].map(match => Number(match[1])) // biome-ignore format: one line
  assert.equal(heights[0], 2 * (heights[1] as number))
})

test('a section of the page goes between its markers, and the rest stays', async () => {
  const result = await evaluateMethods(logOf(words), options)
  const page = 'before\n<!-- x -->\nold\n<!-- /x -->\nafter'
  const once = withSection(page, 'x', result)
  assert.match(once, /^before\n<!-- x -->\n`prequential\/known-removed`: [\s\S]*\n<!-- \/x -->\nafter$/)
  assert.ok(!once.includes('old'))
  assert.equal(withSection(once, 'x', result), once)
  assert.throws(() => withSection(page, 'y', result), /wanted <!-- y -->/)
})

test('a method there is not, or a parameter it has not, is told', async () => {
  const log = logOf('u:a')
  const protocol = protocolOf('prequential', log, { seed: 1 })
  await assert.rejects(
    methodOf('magic', log, protocol),
    /wanted methods among freshet, freshet-frozen, random, .* got magic/,
  )
  await assert.rejects(methodOf('ar:depth=3', log, protocol), /depth: no such parameter/)
  await assert.rejects(methodOf('ar:window', log, protocol), /window: wanted parameter=number/)
})

test('the suite asks for protocols and methods there are, each under a name of its own, with markers in docs/quality.md', async () => {
  const { readFileSync } = await import('node:fs')
  const { methodNames } = await import('../../experiments/methods.ts')
  const page = readFileSync(new URL('../../docs/quality.md', import.meta.url), 'utf8')
  assert.equal(new Set(suite.map(one => one.name)).size, suite.length)
  for (const { name, protocol, methods } of suite) {
    assert.ok(protocolNames.includes(protocol), name)
    for (const method of methods) assert.ok(methodNames.includes(method), `${name}: ${method}`)
    assert.ok(page.includes(`<!-- ${name} -->`) && page.includes(`<!-- /${name} -->`), name)
    assert.ok(mainMetric(protocol).k >= 10)
  }
})
