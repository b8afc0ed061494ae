/**
 * Lists built per second and core. One list = one event taken into the visitor's state, the sources asked, 500 candidates
 * blended, 100 stored with their reasons, as the list stage does it; decoding and encoding of records are not in it. Every
 * visitor had a list before, as those who are active have: their user vector is a running sum.
 *
 *   node bench/lists.ts [--items 50000] [--visitors 20000] [--rounds 7] [--seconds 2]
 */
import { parseArgs } from 'node:util'
import { defaultLists, type ListOptions } from '../processors/list.ts'
import { Shop } from './list-shop.ts'

const SEED = 20_260_101
const cases: readonly { name: string; goal: number; options: Partial<ListOptions> }[] = [
  { name: 'all sources', goal: 2_000, options: {} },
  { name: 'all but taste and content', goal: 0, options: { sources: without('taste', 'content') } },
  { name: 'co-occurrence and popular', goal: 10_000, options: { sources: ['co-occurrence', 'popular'] } },
]

function without(...names: string[]): string[] {
  return defaultLists.sources.filter(name => !names.includes(name))
}

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '50000' },
    visitors: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '2' },
  },
})
const size = { items: Number(values.items), visitors: Number(values.visitors), seed: SEED }
const rounds = Number(values.rounds)
const roundMs = Number(values.seconds) * 1_000
const cpu = `Node ${process.version}, one thread`
console.log(
  `bench/lists: ${size.items} items, ${size.visitors} visitors with 40 items on average (1 to 200), seed ${SEED}`,
)
console.log(
  `${cpu}, ${rounds} rounds of ${roundMs / 1_000} s after every list was built once; by CPU time of the process`,
)
console.log(
  'sources                      lists per CPU-second: median (min … max)    ms a list, wall p50 / p99    goal',
)

for (const { name, goal, options } of cases) {
  const shop = new Shop(size, options)
  for (const visitor of shop.visitors()) shop.instance.build(visitor, Date.now())
  round(shop)
  const measured = Array.from({ length: rounds }, () => round(shop))
  const rates = measured.map(one => one.perSecond).sort((a, b) => a - b)
  const wallMs = measured.flatMap(one => one.wallMs).sort((a, b) => a - b)
  const rate = `${at(rates, 0.5).toFixed(0)} (${at(rates, 0).toFixed(0)} … ${at(rates, 1).toFixed(0)})`
  const wall = `${at(wallMs, 0.5).toFixed(3)} / ${at(wallMs, 0.99).toFixed(3)}`
  const verdict = goal === 0 ? '' : `≥ ${goal}: ${at(rates, 0.5) >= goal ? 'met' : 'missed'}`
  console.log(`${name.padEnd(28)} ${rate.padEnd(43)} ${wall.padEnd(28)} ${verdict}`)
}

/** Clicks and builds for the time of a round. */
function round(shop: Shop): { perSecond: number; wallMs: number[] } {
  const wallMs: number[] = []
  const startCpu = process.cpuUsage()
  const endMs = performance.now() + roundMs
  for (let nowMs = performance.now(); nowMs < endMs; ) {
    shop.instance.build(shop.click(), Date.now())
    const doneMs = performance.now()
    wallMs.push(doneMs - nowMs)
    nowMs = doneMs
  }
  const { user, system } = process.cpuUsage(startCpu)
  return { perSecond: wallMs.length / ((user + system) / 1e6), wallMs }
}

/** @param sorted - ascending, not empty. @param share - 0 to 1 */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
