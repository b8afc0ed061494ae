/**
 * The next item, over one log in order of time: each event after a point is asked for before it is learned. Prequential
 * evaluation, session next-item and the global time split differ in which events are asked for, from where, and whether learning
 * goes on. No sampling: every event that qualifies is asked for, against the whole catalogue.
 *
 * Events of one visitor, item and time are one moment, say an exposure with its click and its long view: the question comes before
 * the first of them.
 */
import type { EventLog } from '../event-log.ts'
import { Met } from './met.ts'
import type { Ask, NumberedEvent, Step } from './step.ts'

export interface NextItemOptions {
  /** The first event that is asked for; those before it are learned, then `fit` is called. */
  readonly from: number
  /** False: from there on only the visitor's own history goes on. */
  readonly isStreaming: boolean
  /**
   * 'known': what the user has touched is neither recommended nor asked for. 'current': the last item of the session is not
   * recommended; where it comes again it is asked for all the same, and missed, as Serenade's evaluator counts. 'none': anything may
   * be recommended.
   */
  readonly removes: 'known' | 'current' | 'none'
  /** True: only events with another before them in their session are asked for. */
  readonly needsPrefix: boolean
  /** Recall, NDCG and MAP look at the item asked for, or at all that is left of the session. */
  readonly relevant: 'next' | 'rest of the session'
  /** Whose queries are drawn as one. */
  readonly unit: 'user' | 'session'
  /** Types that are asked for; default every one with a weight above 0. */
  readonly targets?: ReadonlySet<string>
  /** Models are fitted anew when so much event time has passed, ms; default never. */
  readonly fitEveryMs?: number
}

export function* nextItem(log: EventLog, options: NextItemOptions): Generator<Step> {
  const { from, isStreaming, fitEveryMs = Number.POSITIVE_INFINITY } = options
  const size = log.interactions.length
  const met = new Met(log)
  const recent = new Map<number, number[]>()
  const rest = options.relevant === 'next' ? undefined : restOfSessions(log, from)
  let fittedMs = Number.NEGATIVE_INFINITY
  for (let number = 0; number < size; ) {
    if (number === from && from > 0) {
      yield { kind: 'fit' }
      fittedMs = log.atMs[number] as number
    }
    if (number === from && !isStreaming) yield { kind: 'freeze' }
    const end = momentEnd(log, number, from)
    if (number >= from) {
      const nowMs = log.atMs[number] as number
      if (fittedMs === Number.NEGATIVE_INFINITY) fittedMs = nowMs
      if (isStreaming && nowMs - fittedMs >= fitEveryMs) {
        yield { kind: 'fit' }
        fittedMs = nowMs
      }
      const ask = askFor(log, number, end, options, { met, recent, rest })
      if (ask) yield ask
      if (rest) takeOff(rest, log, number, end)
    }
    for (; number < end; number++) {
      const event = eventAt(log, number)
      if (event.item >= 0 && event.weight > 0) push(recent, event.session, event.item)
      met.add(number)
      yield { kind: isStreaming || number < from ? 'learn' : 'observe', event }
    }
  }
}

interface Known {
  readonly met: Met
  /** Session → its items so far. */
  readonly recent: ReadonlyMap<number, readonly number[]>
  /** Session → its items from the test span that are still to come, and of each how often. */
  readonly rest: ReadonlyMap<number, Map<number, number>> | undefined
}

function askFor(log: EventLog, number: number, end: number, options: NextItemOptions, known: Known): Ask | undefined {
  const target = targetIn(log, number, end, options.targets)
  if (target < 0) return undefined
  const item = log.item[number] as number
  const user = log.user[number] as number
  const session = log.session[number] as number
  const atMs = log.atMs[number] as number
  const { met, rest } = known
  const recent = known.recent.get(session) ?? []
  const relevant = rest ? [...(rest.get(session)?.keys() ?? [])] : [item]
  const current = recent.at(-1)
  if (options.needsPrefix && current === undefined) return undefined
  const isExcluded = exclusionOf(options.removes, user, current, met)
  if (options.removes === 'known' && isExcluded(item)) return undefined
  const query = { user, session, atMs, recent: [...recent], isExcluded }
  return {
    kind: 'ask',
    query,
    next: [item],
    relevant,
    unit: options.unit === 'user' ? user : session,
    userSegment: met.userSegment(user),
    itemSegment: met.itemSegment(item, atMs),
  }
}

function exclusionOf(removes: NextItemOptions['removes'], user: number, current: number | undefined, met: Met) {
  if (removes === 'none') return () => false
  return removes === 'current' ? (item: number) => item === current : (item: number) => met.isKnown(user, item)
}

/** @returns the event of the moment that is asked for, −1 for none */
function targetIn(log: EventLog, number: number, end: number, targets: ReadonlySet<string> | undefined): number {
  if ((log.item[number] as number) < 0) return -1
  for (let at = number; at < end; at++) {
    const isTarget = targets ? targets.has(log.interactions[at]?.type ?? '') : (log.weight[at] as number) > 0
    if (isTarget) return at
  }
  return -1
}

/** A moment does not reach over the point from which events are asked for. */
function momentEnd({ user, item, atMs }: EventLog, number: number, from: number): number {
  let end = number + 1
  const most = number < from ? from : user.length
  while (end < most && user[end] === user[number] && item[end] === item[number] && atMs[end] === atMs[number]) end++
  return end
}

export const eventAt = (log: EventLog, number: number): NumberedEvent => ({
  number,
  user: log.user[number] as number,
  session: log.session[number] as number,
  item: log.item[number] as number,
  atMs: log.atMs[number] as number,
  weight: log.weight[number] as number,
})

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function restOfSessions(log: EventLog, from: number): Map<number, Map<number, number>> {
  const rest = new Map<number, Map<number, number>>()
  for (let number = from; number < log.interactions.length; number++) {
    if ((log.item[number] as number) < 0 || (log.weight[number] as number) <= 0) continue
    const items = rest.get(log.session[number] as number) ?? new Map<number, number>()
    items.set(log.item[number] as number, (items.get(log.item[number] as number) ?? 0) + 1)
    rest.set(log.session[number] as number, items)
  }
  return rest
}

function takeOff(rest: NonNullable<Known['rest']>, log: EventLog, number: number, end: number): void {
  const items = rest.get(log.session[number] as number)
  for (let at = number; at < end; at++) {
    if ((log.weight[at] as number) <= 0) continue
    const item = log.item[at] as number
    const left = (items?.get(item) ?? 0) - 1
    if (left > 0) items?.set(item, left)
    else items?.delete(item)
  }
}
