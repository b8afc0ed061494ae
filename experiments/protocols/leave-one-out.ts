/**
 * Leave-one-out: the last item of every user is asked for once everything else was learned, whenever it happened. Lists are made
 * with knowledge of the future, so figures come out too high (see docs/quality.md): a sanity check beside published tables only.
 */
import type { EventLog } from '../event-log.ts'
import { Met } from './met.ts'
import { eventAt } from './next-item.ts'
import type { Step } from './step.ts'

/** What the user has touched before is neither recommended nor asked for; a user with one item is not asked for. */
export function* leaveOneOut(log: EventLog): Generator<Step> {
  const last = new Map<number, number>()
  for (let number = 0; number < log.user.length; number++)
    if ((log.item[number] as number) >= 0 && (log.weight[number] as number) > 0)
      last.set(log.user[number] as number, number)
  const held = new Set(last.values())
  const met = new Met(log)
  const recent = new Map<number, number[]>()
  for (let number = 0; number < log.user.length; number++) {
    if (held.has(number)) continue
    const event = eventAt(log, number)
    met.add(number)
    if (event.item >= 0 && event.weight > 0)
      recent.set(event.session, [...(recent.get(event.session) ?? []), event.item])
    yield { kind: 'learn', event }
  }
  yield { kind: 'fit' }
  yield { kind: 'freeze' }
  const endMs = log.atMs.at(-1) ?? 0
  for (const [user, number] of last) {
    const { item, session } = eventAt(log, number)
    if (met.isKnown(user, item) || met.userSegment(user) === 'new') continue
    yield {
      kind: 'ask',
      query: {
        user,
        session,
        atMs: endMs,
        recent: recent.get(session) ?? [],
        isExcluded: other => met.isKnown(user, other),
      },
      next: [item],
      relevant: [item],
      unit: user,
      userSegment: met.userSegment(user),
      itemSegment: met.itemSegment(item, endMs),
    }
  }
}
