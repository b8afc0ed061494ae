/**
 * Searches the declared space of a method for what does best on a validation slice. The test slice is cut off before anything
 * else: no trial can see it. The first trial is the defaults, the others are drawn from the grid without repetition by the seed, so
 * the n-th trial of a search is the same whenever it is run.
 */
import { evaluate } from './evaluate.ts'
import { type EventLog, headOf } from './event-log.ts'
import { figureOf, valuesOf } from './figures.ts'
import type { Method } from './method.ts'
import { protocolOf } from './protocols/protocols.ts'
import type { Protocol } from './protocols/step.ts'
import type { MetricAt } from './result.ts'
import { randomOf } from './statistics/random.ts'

export type Parameters = Readonly<Record<string, number>>
export type Space = Readonly<Record<string, readonly number[]>>

/** What a search is; two that differ in any of it are not one. */
export interface SearchHead {
  readonly method: string
  readonly protocol: string
  readonly metric: string
  readonly seed: number
  /** Of the log without its test slice. */
  readonly data: string
  /** Events of the validation slice. */
  readonly validation: number
}

export interface Trial {
  /** From 0. */
  readonly trial: number
  /** Those that differ from the defaults. */
  readonly parameters: Parameters
  readonly mean: number
  readonly low: number
  readonly high: number
}

export interface SearchOptions {
  readonly method: string
  /** Makes the method with these parameters. */
  readonly create: (parameters: Parameters, log: EventLog, protocol: Protocol) => Promise<Method>
  readonly space: Space
  readonly protocol: string
  readonly main: MetricAt
  readonly trials: number
  readonly seed: number
  /** Share of the events that is the test slice and left alone, 0 to below 1. */
  readonly testShare: number
  /** Share of what is left that is the validation slice. */
  readonly validationShare: number
  /** Trials done before, by number. */
  readonly done: ReadonlyMap<number, Trial>
  readonly signal?: AbortSignal
  readonly onProgress?: (trial: number, done: number, total: number) => void
}

export interface Search {
  readonly head: SearchHead
  /** Yields each trial that was not done before, as it ends. */
  run(): AsyncGenerator<Trial>
}

export function searchOf(whole: EventLog, options: SearchOptions): Search {
  const { method, main, seed, testShare, validationShare } = options
  const size = whole.interactions.length
  const log = headOf(whole, Math.floor(size * (1 - testShare)))
  const split = 1 - validationShare
  const protocol = protocolOf(options.protocol, log, { seed, split })
  const validation = log.interactions.length - Math.floor(split * log.interactions.length)
  const head = { method, protocol: protocol.name, metric: `${main.metric}@${main.k}`, seed, data: log.hash, validation }
  return {
    head,
    async *run() {
      for (const [trial, parameters] of draws(options.space, options.trials, seed).entries()) {
        if (options.done.has(trial)) continue
        const one = await options.create(parameters, log, protocol)
        try {
          const answers = await evaluate(log, protocol, one, {
            k: main.k,
            ...(options.signal && { signal: options.signal }),
            onProgress: (done, total) => options.onProgress?.(trial, done, total),
          })
          const { mean, low, high } = figureOf(valuesOf(answers, main.metric, main.k), answers.asked, seed)
          yield { trial, parameters, mean, low, high }
        } finally {
          await one.close?.()
        }
      }
    },
  }
}

/** @returns the defaults, then points of the grid, none twice; all of the grid where that is less than `count` */
export function draws(space: Space, count: number, seed: number): Parameters[] {
  const names = Object.keys(space)
  const total = names.reduce((product, name) => product * (space[name]?.length ?? 1), 1)
  const random = randomOf(seed)
  const seen = new Set<number>()
  const points: Parameters[] = [{}]
  while (points.length < count && seen.size < total && names.length > 0) {
    const number = Math.floor(random() * total)
    if (seen.has(number)) continue
    seen.add(number)
    points.push(pointOf(space, names, number))
  }
  return points.slice(0, count)
}

function pointOf(space: Space, names: readonly string[], number: number): Parameters {
  let rest = number
  const point: Record<string, number> = {}
  for (const name of names) {
    const values = space[name] as readonly number[]
    point[name] = values[rest % values.length] as number
    rest = Math.floor(rest / values.length)
  }
  return point
}
