/** The methods that can be evaluated, by name: the baselines, and Freshet itself. */
import { baselines } from './baselines/all.ts'
import type { EventLog } from './event-log.ts'
import type { Method } from './method.ts'
import type { Protocol } from './protocols/step.ts'

export const FRESHET = 'freshet'
export const methodNames: readonly string[] = [FRESHET, ...Object.keys(baselines)]

/**
 * @param name - one of {@link methodNames}, with parameters behind it where they differ: `vmis-knn:neighbours=100:sample=500`
 * @throws RangeError for one there is not; Error for a parameter it does not have
 */
export async function methodOf(name: string, log: EventLog, protocol: Protocol): Promise<Method> {
  const [base = '', ...given] = name.split(':')
  if (base === FRESHET) {
    if (given.length > 0) throw new RangeError(`${name}: freshet is evaluated as it ships, without parameters`)
    // Loads Avro and the whole graph, which nobody needs who compares baselines.
    const { freshet } = await import('./system/freshet.ts')
    return freshet(log, {
      asks: protocol.name.startsWith('held-item') ? 'cart' : 'list',
      surface: protocol.mayRepeat ? 'again' : 'home',
    })
  }
  const baseline = Object.hasOwn(baselines, base) ? baselines[base] : undefined
  if (!baseline) throw new RangeError(`wanted methods among ${methodNames.join(', ')}, got ${base}`)
  const method: Method = baseline.create(Object.fromEntries(given.map(parameterOf)))
  return given.length === 0 ? method : renamed(method, name)
}

function parameterOf(text: string): [string, number] {
  const at = text.indexOf('=')
  const value = Number(text.slice(at + 1))
  if (at < 1 || !Number.isFinite(value)) throw new RangeError(`${text}: wanted parameter=number`)
  return [text.slice(0, at), value]
}

/** The same method under another name. */
const renamed = (method: Method, name: string): Method => ({
  name,
  learn: event => method.learn(event),
  ...(method.observe && { observe: event => method.observe?.(event) }),
  ...(method.fit && { fit: () => method.fit?.() }),
  recommend: (query, k) => method.recommend(query, k),
})
