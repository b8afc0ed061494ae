/**
 * The session index: what a click costs to take in and a list of 20 to make, on the sessions of Serenade (its test, single
 * thread, with the setting it ships and with our own) and on a made log while clicks go on coming in.
 *
 *   node bench/session-index.ts [--clicks 10000000] [--items 50000] [--queries 20000] [--rounds 3]
 *
 * A query's time is its wall time: on a machine that others use look at the medians. Clicks of the made log: sessions of 1 + geometric
 * (mean 4.5) clicks, 20,000 open at a time, items by a Zipf law (exponent 0.9), each click with probability ½ near the one before.
 * Between two queries 50 clicks are taken in, as at 1,000 queries and 50,000 clicks a second.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { serenadeSessions } from '../connectors/mappings/serenade-sessions.ts'
import { SessionIndex, type SessionIndexOptions } from '../retrieval/session-index.ts'
import { TopK } from '../retrieval/top-k.ts'
import { MadeClicks } from './made-clicks.ts'
import { percentile, shownSpread, spreadOf } from './percentiles.ts'

const SEED = 20_260_101
const { values } = parseArgs({
  options: {
    clicks: { type: 'string', default: '10000000' },
    items: { type: 'string', default: '50000' },
    queries: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
  },
})
const rounds = Number(values.rounds)
const top = new TopK(20)

console.log(
  `bench/session-index: Node ${process.version}, one thread, seed ${SEED}, ${rounds} rounds, median (least … most)`,
)
const shipped = { sample: 500, neighbours: 50, lastItems: 2 }
await ofSerenade('Serenade sessions, m 500, k 50, last 2 (goal 6.4 / 17 µs)', shipped)
await ofSerenade('Serenade sessions, defaults', {})
ofMadeLog()

async function ofSerenade(name: string, options: Partial<SessionIndexOptions>): Promise<void> {
  const numbers = new Map<string, number>()
  const train: { session: string; item: number; atMs: number }[] = []
  const sessions = new Map<string, { item: number; atMs: number }[]>()
  const directory = fileURLToPath(new URL('../data/serenade-sessions', import.meta.url))
  for await (const { eventId, sessionId, itemId, occurredAt } of serenadeSessions.events(directory, new Map())) {
    const id = itemId ?? ''
    const item = numbers.get(id) ?? numbers.size
    numbers.set(id, item)
    const click = { session: sessionId ?? '', item, atMs: occurredAt }
    if (eventId.includes(':train-')) train.push(click)
    else if (eventId.includes(':test-')) sessions.set(click.session, [...(sessions.get(click.session) ?? []), click])
  }
  const figures: Figures[] = []
  for (let round = 0; round < rounds; round++) {
    const index = new SessionIndex<string>({ maxBytes: 2 ** 26, ...options })
    const began = process.cpuUsage()
    for (const { session, item, atMs } of train) index.add(session, item, atMs)
    const addUs = cpuUs(began) / train.length
    const us: number[] = []
    // The first passes are for the compiler.
    for (let pass = 0; pass < 12; pass++) {
      for (const clicks of sessions.values()) {
        const items = clicks.map(click => click.item)
        for (let at = 1; at < items.length; at++) {
          const taken = ask(index, items.slice(0, at), clicks[at]?.atMs ?? 0)
          if (pass >= 2) us.push(taken)
        }
      }
    }
    figures.push({ addUs, us })
  }
  show(name, figures)
}

function ofMadeLog(): void {
  const figures: Figures[] = []
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    const before = process.memoryUsage()
    const log = new MadeClicks(Number(values.items), SEED)
    const index = new SessionIndex<number>({ maxBytes: 384 * 2 ** 20 })
    const began = process.cpuUsage()
    for (let at = 0; at < Number(values.clicks); at++) log.addTo(index)
    const addUs = cpuUs(began) / Number(values.clicks)
    const us: number[] = []
    for (let query = 0; query < Number(values.queries); query++) {
      for (let at = 0; at < 50; at++) log.addTo(index)
      us.push(ask(index, log.someSession(), log.nowMs))
    }
    const after = process.memoryUsage()
    bytes = after.rss - before.rss
    figures.push({ addUs, us })
  }
  const size = `${Number(values.clicks) / 1e6} M clicks, ${values.items} items, 50 clicks between queries (goal p90 250 µs)`
  show(`${size}, ${(bytes / 2 ** 20).toFixed(0)} MiB in the last round`, figures)
}

interface Figures {
  readonly addUs: number
  readonly us: readonly number[]
}

function show(name: string, figures: readonly Figures[]): void {
  console.log(name)
  const of = (take: (one: Figures) => number, digits: number) => shownSpread(spreadOf(figures.map(take)), digits)
  console.log(`  a click, CPU µs (with what makes it)  ${of(one => one.addUs, 2)}`)
  for (const share of [0.5, 0.9, 0.99])
    console.log(`  list of 20, p${100 * share}, µs  ${of(one => percentile(one.us, share), 1)}`)
}

function cpuUs(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return user + system
}

function ask<K>(index: SessionIndex<K>, recent: readonly number[], atMs: number): number {
  const current = recent.at(-1)
  const began = process.hrtime.bigint()
  top.begin(20)
  index.recommend(recent, atMs, top, item => item === current)
  top.finish()
  return Number(process.hrtime.bigint() - began) / 1_000
}
