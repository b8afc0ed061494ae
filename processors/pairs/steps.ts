/**
 * Which item follows which within a session. Of the session's last 50 interactions the ones of positive weight are taken in order of arrival, and
 * neighbouring ones with the same item count as one step. A new step to item b adds to `next` of the items one, two and three steps
 * before it 6, 3 and 2 sixths; an item does not follow itself. A positive interaction with the same item as the step before it is no new step.
 */
import type { SessionEntry } from '../../schemas/session-page.ts'
import { SIGNAL, type Signal } from '../../schemas/signals.ts'

/** By distance: 1, 1/2 and 1/3 in sixths. */
const SIXTHS = [6, 3, 2]

/**
 * Adds what the last interaction tells to `deltas`.
 * @param recent - of the session, oldest first; the last one is the positive interaction at hand
 * @param weights - type → half-units
 */
export function followSteps(
  recent: readonly SessionEntry[],
  weights: ReadonlyMap<string, number>,
  deltas: Signal[],
): void {
  const here = recent.at(-1)
  if (!here) return
  let step = here.itemId
  let distance = 0
  for (let i = recent.length - 2; i >= 0 && distance < SIXTHS.length; i--) {
    const { itemId, type } = recent[i] as SessionEntry
    if ((weights.get(type) ?? 0) <= 0) continue
    if (itemId === step) {
      if (distance === 0) return
      continue
    }
    step = itemId
    const amount = SIXTHS[distance] as number
    distance += 1
    if (itemId !== here.itemId) deltas.push({ itemId, kind: SIGNAL.next, other: here.itemId, amount })
  }
}
