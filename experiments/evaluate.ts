/** Leads one method through a protocol and keeps what it answered, so that every figure can be made of it afterwards. */
import type { EventLog } from './event-log.ts'
import { intraListDiversity } from './metrics/intra-list-diversity.ts'
import { novelty } from './metrics/novelty.ts'
import { popularityBias } from './metrics/popularity-bias.ts'
import type { Method } from './method.ts'
import type { Ask, Protocol } from './protocols/step.ts'

/** A question as it is kept. */
export type Asked = Pick<Ask, 'next' | 'relevant' | 'unit' | 'userSegment' | 'itemSegment'> & { readonly atMs: number }

export interface Answers {
  readonly method: string
  readonly about: string | undefined
  /** One a question, best first, at most `k` items. */
  readonly lists: readonly (readonly number[])[]
  readonly asked: readonly Asked[]
  /** Of each list; NaN where undefined, say the diversity of an empty list. */
  readonly popularity: Float64Array
  readonly novelty: Float64Array
  readonly diversity: Float64Array
  /** Source, or `union` → questions for which it brought in a relevant item. Empty where the method tells no sources. */
  readonly ceiling: ReadonlyMap<string, number>
  /** CPU time of the process for the whole pass, ms; no part of a report that is compared. */
  readonly cpuMs: number
}

export interface EvaluateOptions {
  readonly k: number
  readonly signal?: AbortSignal
  /** @param done - events gone through */
  readonly onProgress?: (done: number, total: number) => void
}

/** Between turns of the event loop, so that Ctrl-C and a progress line have theirs. */
const TURN_MS = 50

/**
 * @throws DOMException AbortError when the signal comes
 * @throws Error where a list holds an item twice, one that is excluded, or more than `k`
 */
export async function evaluate(
  log: EventLog,
  protocol: Protocol,
  method: Method,
  { k, signal, onProgress }: EvaluateOptions,
): Promise<Answers> {
  const lists: number[][] = []
  const asked: Asked[] = []
  const beside = { popularity: [] as number[], novelty: [] as number[], diversity: [] as number[] }
  const ceiling = new Map<string, number>()
  const categories = categoriesOf(log)
  const counts = new Float64Array(log.items.length)
  let [total, greatest, done] = [0, 0, 0]
  const began = process.cpuUsage()
  let turnedMs = performance.now()
  for (const step of protocol.steps()) {
    if (performance.now() - turnedMs > TURN_MS) {
      await new Promise(resolve => setImmediate(resolve))
      signal?.throwIfAborted()
      onProgress?.(done, protocol.events)
      turnedMs = performance.now()
    }
    if (step.kind === 'ask') {
      const list = await method.recommend(step.query, k)
      check(method.name, list, step, k)
      countCeiling(ceiling, method, step)
      lists.push(list)
      asked.push(keptOf(step))
      beside.popularity.push(list.length === 0 || greatest === 0 ? Number.NaN : popularityBias(list, counts, greatest))
      beside.novelty.push(list.length === 0 ? Number.NaN : novelty(list, counts, total, counts.length))
      beside.diversity.push(intraListDiversity(list, item => categories[item] ?? []) ?? Number.NaN)
      continue
    }
    if (step.kind === 'freeze') await method.freeze?.()
    else if (step.kind === 'fit') await method.fit?.()
    else {
      const { event } = step
      if (step.kind === 'learn') await method.learn(event)
      else await method.observe?.(event)
      done++
      if (step.kind === 'learn' && event.weight > 0 && event.item >= 0) {
        const count = (counts[event.item] as number) + 1
        counts[event.item] = count
        greatest = Math.max(greatest, count)
        total++
      }
    }
  }
  return {
    method: method.name,
    about: method.about,
    lists,
    asked,
    popularity: Float64Array.from(beside.popularity),
    novelty: Float64Array.from(beside.novelty),
    diversity: Float64Array.from(beside.diversity),
    ceiling,
    cpuMs: sinceMs(began),
  }
}

function sinceMs(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}

const keptOf = ({ next, relevant, unit, userSegment, itemSegment, query }: Ask): Asked => ({
  next,
  relevant,
  unit,
  userSegment,
  itemSegment,
  atMs: query.atMs,
})

function check(name: string, list: readonly number[], { query }: Ask, k: number): void {
  if (list.length > k) throw new Error(`${name}: wanted at most ${k} items, got ${list.length}`)
  if (new Set(list).size < list.length) throw new Error(`${name}: an item stands twice in ${list.join(', ')}`)
  const excluded = list.find(item => query.isExcluded(item))
  if (excluded !== undefined) throw new Error(`${name}: item ${excluded} is excluded and was recommended`)
}

function countCeiling(ceiling: Map<string, number>, method: Method, { next }: Ask): void {
  const candidates = method.candidates?.()
  if (!candidates) return
  let isAny = false
  for (const [source, items] of candidates) {
    const isIn = next.some(item => items.has(item))
    isAny ||= isIn
    ceiling.set(source, (ceiling.get(source) ?? 0) + (isIn ? 1 : 0))
  }
  ceiling.set('union', (ceiling.get('union') ?? 0) + (isAny ? 1 : 0))
}

/** Categories of the catalogue by item number, themselves numbered. */
function categoriesOf(log: EventLog): readonly (readonly number[])[] {
  const numbers = new Map<string, number>()
  return log.items.map(itemId =>
    [...new Set(log.catalogue.get(itemId)?.categories)].map(name => {
      const number = numbers.get(name) ?? numbers.size
      numbers.set(name, number)
      return number
    }),
  )
}
