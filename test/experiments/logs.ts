/** Small logs for tests: one event a word. */
import { withDefaults } from '../../connectors/with-defaults.ts'
import { type EventLog, type EventLogParts, eventLog } from '../../experiments/event-log.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'

export const MINUTE_MS = 60_000
export const START_MS = Date.UTC(2026, 0, 1)

/** @param given - over a view of item `a` by user `u` at START_MS */
export const eventOf = (given: Partial<Interaction>): Interaction =>
  withDefaults(interaction, {
    eventId: `${given.userId ?? 'u'}-${given.itemId ?? 'a'}-${given.occurredAt ?? START_MS}`,
    userId: 'u',
    itemId: 'a',
    type: 'view',
    occurredAt: START_MS,
    ...given,
  })

/**
 * @param words - `user:item`, with `@minutes` for the time, `!type` and `#order` behind; one minute after the event before it
 *   where no time is given
 */
export function logOf(words: string, parts: Partial<EventLogParts> = {}): EventLog {
  let minute = -1
  const interactions = words
    .trim()
    .split(/\s+/)
    .map(word => {
      const match = /^(\w+):(\w+)(?:@(\d+))?(?:!(\w+))?(?:#(\w+))?$/.exec(word)
      if (!match) throw new Error(`wanted user:item@minutes!type#order, got ${word}`)
      const [, userId = '', itemId = '', at, type = 'view', orderId = null] = match
      minute = at === undefined ? minute + 1 : Number(at)
      return eventOf({ userId, itemId, type, orderId, occurredAt: START_MS + minute * MINUTE_MS })
    })
  return eventLog({ name: 'test', interactions, ...parts })
}
