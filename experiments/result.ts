/** What comes of an evaluation: plain data, the same again from the same data, protocol, methods and seed. */
import type { Answers, Asked } from './evaluate.ts'
import type { EventLog } from './event-log.ts'
import { type Beside, besideOf, type Figure, figureOf, type MetricName, metricNames, valuesOf } from './figures.ts'
import type { Protocol } from './protocols/step.ts'
import { bootstrap } from './statistics/bootstrap.ts'
import { mcnemar } from './statistics/mcnemar.ts'
import { permutationTest } from './statistics/permutation-test.ts'
import { meanOf, sumsByUnit } from './statistics/units.ts'

/** A metric at a k, `MRR@20`. */
export interface MetricAt {
  readonly metric: MetricName
  readonly k: number
}

export interface Comparison {
  /** Of the main metric: the first method less this one, with the 95 % interval of the difference. */
  readonly difference: number
  readonly low: number
  readonly high: number
  /** By a randomisation test over units. */
  readonly p: number
  /** McNemar's over hits at the main k, which takes questions for independent. */
  readonly pOfHits: number
}

export interface MethodResult {
  readonly name: string
  readonly about?: string
  /** `MRR@20` → its figure. */
  readonly figures: Readonly<Record<string, Figure>>
  /** Of the main metric, `user new` → its figure. */
  readonly segments: Readonly<Record<string, Figure>>
  readonly beside: Beside
  /** The main metric over equal parts of the questions in order of time. */
  readonly overTime: readonly { readonly fromMs: number; readonly mean: number; readonly count: number }[]
  /** Source, or `union` → share of the questions for which it brought in what was relevant. */
  readonly ceiling?: Readonly<Record<string, number>>
  /** undefined for the first method. */
  readonly firstAgainstThis?: Comparison
}

export interface EvaluationResult {
  readonly data: {
    readonly name: string
    readonly hash: string
    readonly events: number
    readonly users: number
    readonly sessions: number
    readonly items: number
    readonly leftOut: Readonly<Record<string, number>>
  }
  readonly protocol: string
  readonly about: string
  readonly unit: 'user' | 'session'
  readonly main: MetricAt
  readonly seed: number
  readonly questions: number
  readonly methods: readonly MethodResult[]
}

const PARTS = 20
const userSegments = ['new', 'light', 'heavy'] as const
const itemSegments = ['new', 'tail', 'head'] as const

export interface ResultOptions {
  readonly ks: readonly number[]
  readonly main: MetricAt
  readonly seed: number
}

/** @param answers - of each method to the same questions; the others are compared with the first */
export function resultOf(
  log: EventLog,
  protocol: Protocol,
  answers: readonly Answers[],
  options: ResultOptions,
): EvaluationResult {
  const { name, hash, users, sessions, items, leftOut } = log
  const [first] = answers
  return {
    data: {
      name,
      hash,
      events: log.interactions.length,
      users: users.length,
      sessions: sessions.length,
      items: items.length,
      leftOut: Object.fromEntries(leftOut),
    },
    protocol: protocol.name,
    about: protocol.about,
    unit: protocol.unit,
    main: options.main,
    seed: options.seed,
    questions: first?.asked.length ?? 0,
    methods: answers.map(one => methodResult(one, first as Answers, log, options)),
  }
}

function methodResult(answers: Answers, first: Answers, log: EventLog, options: ResultOptions): MethodResult {
  const { ks, main, seed } = options
  const { asked } = answers
  const figures: Record<string, Figure> = {}
  for (const metric of metricNames)
    for (const k of ks) figures[`${metric}@${k}`] = figureOf(valuesOf(answers, metric, k), asked, seed)
  const values = valuesOf(answers, main.metric, main.k)
  const segments: Record<string, Figure> = {}
  const segment = (label: string, isIn: (one: Asked) => boolean) => {
    const figure = figureOf(values, asked, seed, isIn)
    if (figure.count > 0) segments[label] = figure
  }
  for (const one of userSegments) segment(`user ${one}`, ({ userSegment }) => userSegment === one)
  for (const one of itemSegments) segment(`item ${one}`, ({ itemSegment }) => itemSegment === one)
  return {
    name: answers.method,
    ...(answers.about !== undefined && { about: answers.about }),
    figures,
    segments,
    beside: besideOf(answers, Math.max(...ks), log.items.length),
    overTime: overTime(values, asked),
    ...(answers.ceiling.size > 0 && {
      ceiling: Object.fromEntries([...answers.ceiling].map(([source, count]) => [source, count / asked.length])),
    }),
    ...(answers !== first && { firstAgainstThis: compare(first, answers, main, seed) }),
  }
}

/** @throws where the methods were asked different things */
export function compare(ours: Answers, theirs: Answers, { metric, k }: MetricAt, seed: number): Comparison {
  if (ours.asked.length !== theirs.asked.length)
    throw new Error(
      `${ours.method} was asked ${ours.asked.length} questions, ${theirs.method} ${theirs.asked.length}; a pair wants the same`,
    )
  const a = valuesOf(ours, metric, k)
  const b = valuesOf(theirs, metric, k)
  const units = sumsByUnit(
    a.map((value, at) => value - (b[at] as number)),
    ours.asked.map(one => one.unit),
  )
  const hits = valuesOf(ours, 'HR', k)
  const theirHits = valuesOf(theirs, 'HR', k)
  let [onlyOurs, onlyTheirs] = [0, 0]
  hits.forEach((hit, at) => {
    if (hit > (theirHits[at] as number)) onlyOurs++
    if (hit < (theirHits[at] as number)) onlyTheirs++
  })
  return {
    difference: meanOf(units),
    ...bootstrap(units, seed),
    p: permutationTest(units.sums, seed),
    pOfHits: mcnemar(onlyOurs, onlyTheirs),
  }
}

function overTime(values: Float64Array, asked: readonly Asked[]): MethodResult['overTime'] {
  const parts = Math.min(PARTS, values.length)
  return Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * values.length) / parts)
    const to = Math.floor(((part + 1) * values.length) / parts)
    const mean = values.subarray(from, to).reduce((a, b) => a + b, 0) / (to - from)
    return { fromMs: asked[from]?.atMs ?? 0, mean, count: to - from }
  })
}
