/** The methods that can be evaluated, by name: the baselines, and Freshet itself. */
import { baselines } from './baselines/all.ts'
import type { EventLog } from './event-log.ts'
import type { Method } from './method.ts'
import type { FoldOptions } from '../processors/options.ts'
import type { Protocol } from './protocols/step.ts'
import type { Parameters, Space } from './tune.ts'

const DAY_MS = 86_400_000
export const FRESHET = 'freshet'
/** Freshet that stands still from the first `fit` on: beside itself in one run it tells what learning on is worth. */
const FROZEN = 'freshet-frozen'
export const methodNames: readonly string[] = [FRESHET, FROZEN, ...Object.keys(baselines)]

/**
 * @param name - one of {@link methodNames}, with parameters behind it where they differ: `vmis-knn:neighbours=100:sample=500`
 * @throws RangeError for one there is not; Error for a parameter it does not have
 */
export async function methodOf(name: string, log: EventLog, protocol: Protocol): Promise<Method> {
  const [base = '', ...given] = name.split(':')
  if (base === FRESHET || base === FROZEN) {
    const folds = foldsOf(given.map(parameterOf))
    // Loads Avro and the whole graph, which nobody needs who compares baselines.
    const { freshet } = await import('./system/freshet.ts')
    const system = await freshet(log, {
      name,
      folds,
      asks: protocol.name.startsWith('held-item') ? 'cart' : 'list',
      surface: protocol.mayRepeat ? 'again' : 'home',
    })
    return base === FROZEN ? frozenByFit(system) : system
  }
  const baseline = Object.hasOwn(baselines, base) ? baselines[base] : undefined
  if (!baseline) throw new RangeError(`wanted methods among ${methodNames.join(', ')}, got ${base}`)
  const method: Method = baseline.create(Object.fromEntries(given.map(parameterOf)))
  return given.length === 0 ? method : renamed(method, name)
}

/** Options of a process, each under the name of its environment variable, that a search may try. */
const freshetSpace: Space = {
  pairWindowItems: [3, 5, 10, 20],
  pairWindowMs: [1, 3, 7, 30].map(days => days * DAY_MS),
  pairHalfLifeMs: [7, 15, 30, 60, 120].map(days => days * DAY_MS),
  popularHalfLifeMs: [0.5, 1, 3, 7, 14].map(days => days * DAY_MS),
  trendingHalfLifeMs: [0.125, 0.25, 0.5, 1, 3].map(days => days * DAY_MS),
}

/** @throws RangeError for a method there is not */
export function spaceOf(name: string): Space {
  if (name === FRESHET || name === FROZEN) return freshetSpace
  const baseline = Object.hasOwn(baselines, name) ? baselines[name] : undefined
  if (baseline) return baseline.space
  throw new RangeError(`wanted a method among ${methodNames.join(', ')}, got ${name}`)
}

/** @returns `vmis-knn:neighbours=100`, as {@link methodOf} takes it */
export const nameWith = (method: string, parameters: Parameters): string =>
  [method, ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`)].join(':')

function foldsOf(given: readonly (readonly [string, number])[]): Partial<FoldOptions> {
  const unknown = given.find(([key]) => !Object.hasOwn(freshetSpace, key))
  if (unknown)
    throw new RangeError(`freshet: ${unknown[0]}: wanted a parameter among ${Object.keys(freshetSpace).join(', ')}`)
  return Object.fromEntries(given)
}

function parameterOf(text: string): [string, number] {
  const at = text.indexOf('=')
  const value = Number(text.slice(at + 1))
  if (at < 1 || !Number.isFinite(value)) throw new RangeError(`${text}: wanted parameter=number`)
  return [text.slice(0, at), value]
}

function frozenByFit(system: Method): Method {
  let isFrozen = false
  return {
    name: system.name,
    learn: event => system.learn(event),
    async fit() {
      if (isFrozen) return
      isFrozen = true
      await system.freeze?.()
    },
    recommend: (query, k) => system.recommend(query, k),
    close: async () => system.close?.(),
  }
}

/** The same method under another name. */
const renamed = (method: Method, name: string): Method => ({
  name,
  learn: event => method.learn(event),
  ...(method.observe && { observe: event => method.observe?.(event) }),
  ...(method.fit && { fit: () => method.fit?.() }),
  recommend: (query, k) => method.recommend(query, k),
})
