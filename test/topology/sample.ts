/** A small stage for tests of the runtime: it counts interactions and their value by visitor, and shows both tables. */
import { defineProcessor, single } from '../../processors/define.ts'
import type { Arrival } from '../../processors/events.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { recordSchemaOf } from '../../schemas/record.ts'
import { type Topic, topics } from '../../schemas/topics.ts'
import { type Topology, topology } from '../../topology/graph.ts'
import { interactionOf as viewOf } from '../processors/arrivals.ts'

export interface Tally {
  visitor: string
  events: number
  items: string
}

export const tallySchema = recordSchemaOf<Tally>(
  'tally',
  JSON.stringify({
    type: 'record',
    name: 'Tally',
    fields: [
      { name: 'visitor', type: 'string' },
      { name: 'events', type: 'int' },
      { name: 'items', type: 'string' },
    ],
  }),
)

export const tallyTopic = (name: string, kind: 'table' | 'stream'): Topic<Tally> => ({
  ...topics.profiles,
  name,
  kind,
  key: 'visitor',
  schema: tallySchema,
})
export const tallies = tallyTopic('tallies.v1', 'table')
export const slowTallies = tallyTopic('slow-tallies.v1', 'table')
export const steps = tallyTopic('steps.v1', 'stream')

/**
 * An item called `boom` makes the processor throw, one called `refuse` sets the record aside, one called `unwritable`
 * publishes what the schema does not take.
 */
export const counting = (version = 1) =>
  defineProcessor({
    name: 'counting',
    version,
    class: 'D',
    input: 'stage',
    store: { name: 'tally', parts: { head: single(tallySchema) }, bound: 'one row a visitor' },
    outputs: { tallies, steps },
    tables: [
      {
        topic: slowTallies,
        coalesceMs: 1_000,
        records: (key: string, state: { head: Tally | undefined }) => [{ key, value: state.head ?? null }],
      },
    ],
    counters: { seen: 'events seen' },
    key: (event: Arrival) => event.key ?? '',
    step(state, event) {
      const { itemId } = event.value
      if (itemId === 'boom') throw new Error('boom')
      if (itemId === 'refuse')
        return { reject: { code: 'INVALID_FIELD', message: 'itemId: wanted another, got "refuse"' } }
      const visitor = event.key ?? ''
      const head = { visitor, events: (state.head?.events ?? 0) + 1, items: `${state.head?.items ?? ''}${itemId};` }
      return {
        state: { head },
        publish: {
          tallies: [{ key: visitor, value: head }],
          steps: [{ key: visitor, value: itemId === 'unwritable' ? { ...head, events: 0.5 } : head }],
        },
        count: { seen: 1 },
      }
    },
  })

export const sample = (version = 1): Topology =>
  topology({
    sources: [topics.interactions],
    stages: [
      {
        name: 'sample',
        inputs: [topics.interactions],
        processors: [counting(version)],
        rejectsTo: topics.rejected,
        eventsOf: (_topic, key, value, origin) => [{ value, key, origin }],
      },
    ],
    views: [],
    sink: [tallies, slowTallies],
  })

export const interactionOf = (visitor: string, itemId: string, occurredAt = 1): Interaction =>
  viewOf({ eventId: `${visitor}-${itemId}-${occurredAt}`, userId: visitor, itemId, occurredAt })
