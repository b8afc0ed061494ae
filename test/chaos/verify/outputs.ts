/** What tasks have written besides their state: each effect of each source record once, and none of an aborted transaction. */
import type { Rejected } from '../../../schemas/rejected.ts'
import type { SessionClick } from '../../../schemas/session-click.ts'
import type { SignalFrame } from '../../../schemas/signal-frame.ts'
import { topicName, topics } from '../../../schemas/topics.ts'
import { differences, rowsOf } from './rows.ts'
import { type Interactions, readDecoded, type Source } from './shop-log.ts'
import type { Recount } from './state.ts'

/** Refused records: every one once, under the code that the recount has, or that its sender foresaw. */
export async function rejectedDifferences(source: Source, sent: Interactions, told: Recount): Promise<string[]> {
  const got = new Map<string, string[]>()
  for (const { value } of await readDecoded<Rejected>(source, topics.rejected)) {
    if (!value) continue
    const place = `${value.topic}/${value.partition}:${value.offset}`
    got.set(place, [...(got.get(place) ?? []), value.code])
  }
  const topic = topicName(topics.interactions, source.namespace)
  const ofLog = [...told.admission.refused, ...sent.unreadable].map(
    ([place, code]) => [`${topic}/${place}`, [code]] as const,
  )
  const ofItems = [...source.poison]
    .filter(([place]) => place.startsWith(topics.items.name))
    .map(([place, code]) => [topicName({ name: place }, source.namespace), [code]] as const)
  return differences('rejected.v1', rowsOf([...ofLog, ...ofItems]), rowsOf(got))
}

/** Clicks of sessions: those of every visitor, in their order. */
export async function clickDifferences(source: Source, told: Recount): Promise<string[]> {
  const got = new Map<string, object[]>()
  for (const { value } of await readDecoded<SessionClick>(source, topics.sessionClicks)) {
    if (!value) continue
    const { visitor, itemId, type, atMs, sessionStartedAtMs } = value
    got.set(visitor, [...(got.get(visitor) ?? []), { itemId, type, atMs, sessionStartedAtMs }])
  }
  const wanted = [...told.rows]
    .filter(([, row]) => row.clicks.length > 0)
    .map(([key, row]) => [key, row.clicks] as const)
  return differences('session-clicks.v1', rowsOf(wanted), rowsOf(got))
}

/** Signals of one source record stand once for each target, in the order of the source. What was purged is not looked at. */
export async function signalDifferences(source: Source): Promise<string[]> {
  const last = new Map<string, number>()
  const wrong: string[] = []
  for (const { partition, offset, value } of await readDecoded<SignalFrame>(source, topics.signals))
    for (const entry of value?.entries ?? []) {
      const way = `${value?.source} to ${partition}`
      const before = last.get(way) ?? -1
      if (entry.offset <= before)
        wrong.push(`signals.v1[${partition}]@${offset}: from ${way}, source offset ${entry.offset} after ${before}`)
      last.set(way, entry.offset)
    }
  return wrong
}
