/** The figures of both sides, and how one stands to the other. */
import type { AtRate, Backlog, Cost, SideRound } from './beside-streams-round.ts'
import { SIDES, type Side } from './beside-streams-sides.ts'
import { percentile, spreadOf } from './percentiles.ts'
import { atLeast, atMost, type Bench, type Goal } from './report.ts'

type Sheet = Pick<Bench<never>, 'print' | 'figure' | 'note'>

/** The rate whose latency has goals, and what they are: shares of that of Kafka Streams. */
const GOAL_RATE = 500
const GOALS = { p50: atMost(1 / 8), p99: atMost(1 / 4), throughput: atLeast(5) }
const SHARES = { p50: 0.5, p99: 0.99 } as const

export function report(sheet: Sheet, results: ReadonlyMap<Side, readonly SideRound[]>): void {
  for (const [side, rounds] of results) if (rounds.length > 0) reportSide(sheet, SIDES[side], rounds)
  const { freshet = [], streams = [] } = Object.fromEntries(results)
  const both = freshet.slice(0, streams.length).map((round, at) => [round, streams[at] as SideRound] as const)
  if (both.length > 0) reportRatios(sheet, both)
}

function reportSide(sheet: Sheet, name: string, rounds: readonly SideRound[]): void {
  const backlogs = rounds.map(round => round.backlog)
  const [first] = backlogs as [Backlog]
  sheet.print()
  sheet.print(`${name}: ${first.events} events in the backlog, ${first.pairs} pairs; all lists are those of the count`)
  const over = (title: string, unit: string, figure: (backlog: Backlog) => number) =>
    sheet.figure(`${name}, backlog: ${title}`, spreadOf(backlogs.map(figure)), unit)
  over('pairs', '/s', one => one.pairs / one.seconds)
  over('events', '/s', one => one.events / one.seconds)
  over('events per CPU-second of the app', '', one => one.events / one.app)
  over('events per CPU-second of the broker', '', one => one.events / one.broker)
  reportOutput(sheet, `${name}, backlog`, backlogs)
  for (const rate of rounds[0]?.atRates.keys() ?? [])
    reportRate(
      sheet,
      `${name}, ${rate}/s`,
      rounds.flatMap(round => round.atRates.get(rate) ?? []),
    )
}

function reportRate(sheet: Sheet, name: string, rounds: readonly AtRate[]): void {
  const timed = rounds.reduce((sum, { latenciesMs, missing }) => sum + latenciesMs.length + missing, 0)
  const missing = rounds.reduce((sum, round) => sum + round.missing, 0)
  sheet.print(`${name}: ${timed} events timed, ${missing} of them not seen within 30 s`)
  for (const [title, share] of Object.entries(SHARES))
    sheet.figure(`${name}: ${title}`, spreadOf(rounds.map(round => latencyOf(round, share))), 'ms')
  const over = (figure: (round: AtRate) => number) => spreadOf(rounds.map(figure))
  sheet.figure(
    `${name}: events per CPU-second of the app`,
    over(round => round.events / round.app),
    '',
  )
  reportOutput(sheet, name, rounds)
}

function reportOutput(sheet: Sheet, name: string, rounds: readonly Cost[]): void {
  const lists = rounds.map(round => round.lists / round.events)
  const sum = ({ bytes }: Cost) => bytes.values().reduce((total, size) => total + size, 0)
  const bytes = rounds.map(round => sum(round) / round.events)
  sheet.figure(`${name}: lists published`, spreadOf(lists), 'an event')
  sheet.figure(`${name}: written to Kafka, input apart`, spreadOf(bytes), 'bytes an event')
  const [first] = rounds as [Cost]
  const topics = Array.from(first.bytes, ([topic, size]) => [topic, Math.round(size / first.events)] as const)
  const shown = topics.filter(([, size]) => size > 0).map(([topic, size]) => `${topic} ${size}`)
  sheet.print(`  ${shown.join(', ')}`)
  sheet.note(`${name} bytes per event`, Object.fromEntries(topics))
}

function reportRatios(sheet: Sheet, both: readonly (readonly [SideRound, SideRound])[]): void {
  sheet.print()
  sheet.print('Freshet as a multiple of Kafka Streams, round by round')
  const ratio = (title: string, goal: Goal | undefined, figure: (round: SideRound) => number) =>
    sheet.figure(title, spreadOf(both.map(([freshet, streams]) => figure(freshet) / figure(streams))), '×', goal)
  ratio('pairs/s', GOALS.throughput, ({ backlog }) => backlog.pairs / backlog.seconds)
  ratio('events per CPU-second of the app', GOALS.throughput, ({ backlog }) => backlog.events / backlog.app)
  ratio('events per CPU-second of the broker', undefined, ({ backlog }) => backlog.events / backlog.broker)
  for (const rate of both[0]?.[0].atRates.keys() ?? [])
    for (const title of ['p50', 'p99'] as const) {
      const goal = rate === GOAL_RATE ? GOALS[title] : undefined
      ratio(`${title} at ${rate}/s`, goal, round => latencyOf(round.atRates.get(rate) as AtRate, SHARES[title]))
    }
}

/** An event that did not come counts as one that came last. */
const latencyOf = ({ latenciesMs, missing }: AtRate, share: number): number =>
  percentile([...latenciesMs, ...Array.from({ length: missing }, () => Number.POSITIVE_INFINITY)], share)
