import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admit } from '../../processors/admit.ts'
import { defaultFolds } from '../../processors/options.ts'
import { type Session, type Sessioned, sessionFeatures } from '../../processors/session-features.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { sentAll, START_MS } from './arrivals.ts'
import { Drive } from './drive.ts'

const GAP_MS = defaultFolds.sessionGapMs
const drive = () => new Drive([admit(defaultFolds), sessionFeatures(defaultFolds)])
const at = (ms: number, itemId: string, fields: Partial<Interaction> = {}) => ({
  occurredAt: START_MS + ms,
  itemId,
  ...fields,
})

function sessionsOf(events: Partial<Interaction>[]): (Session | null)[] {
  return drive()
    .sendAll(sentAll(events))
    .map(one => (one.emitted['session-features']?.[0] as Sessioned | undefined)?.session ?? null)
}
const itemsOf = (session: Session | null | undefined) => session?.recent.map(one => one.itemId)

const cases: { name: string; events: Partial<Interaction>[]; items: string[] }[] = [
  {
    name: 'one millisecond short of the gap keeps the session',
    events: [at(0, 'a'), at(GAP_MS - 1, 'b')],
    items: ['a', 'b'],
  },
  { name: 'exactly the gap opens a new session', events: [at(0, 'a'), at(GAP_MS, 'b')], items: ['b'] },
  {
    name: 'the gap counts from the newest interaction, not the last to arrive',
    events: [at(GAP_MS, 'a'), at(0, 'b'), at(2 * GAP_MS - 1, 'c')],
    items: ['a', 'b', 'c'],
  },
  {
    name: 'another client session id opens a new session',
    events: [at(0, 'a', { sessionId: 's' }), at(1, 'b', { sessionId: 't' })],
    items: ['b'],
  },
  {
    name: 'an event without a client session id stays',
    events: [at(0, 'a', { sessionId: 's' }), at(1, 'b'), at(2, 'c', { sessionId: 's' })],
    items: ['a', 'b', 'c'],
  },
  {
    name: 'a session takes the first client id it meets',
    events: [at(0, 'a'), at(1, 'b', { sessionId: 's' }), at(2, 'c', { sessionId: 't' })],
    items: ['c'],
  },
  {
    name: 'negative interactions belong to the session',
    events: [at(0, 'a'), at(1, 'b', { type: 'dislike' })],
    items: ['a', 'b'],
  },
]
for (const { name, events, items } of cases)
  test(`session: ${name}`, () => assert.deepEqual(itemsOf(sessionsOf(events).at(-1)), items))

test('session: a late event moves neither end', () => {
  const session = sessionsOf([at(1000, 'a'), at(5000, 'b'), at(-90_000_000, 'c')]).at(-1)
  assert.deepEqual([session?.startedAtMs, session?.lastSeenMs, session?.events], [START_MS + 1000, START_MS + 5000, 3])
})

test('session: 51 interactions leave the last 50, and the depth counts all', () => {
  const session = sessionsOf(Array.from({ length: 51 }, (_, i) => at(i, `i${i}`))).at(-1)
  assert.equal(session?.events, 51)
  assert.deepEqual(
    itemsOf(session),
    Array.from({ length: 50 }, (_, i) => `i${i + 1}`),
  )
})

test('session: the cart holds what was added and not bought, and ends with its session', () => {
  const cart = (ms: number, itemId: string) => at(ms, itemId, { type: 'add_to_cart' })
  const sessions = sessionsOf([
    cart(0, 'a'),
    cart(1, 'b'),
    cart(2, 'a'),
    at(3, 'b', { type: 'purchase' }),
    at(3 + GAP_MS, 'c'),
  ])
  assert.deepEqual(
    sessions.map(one => one?.cart),
    [['a'], ['a', 'b'], ['b', 'a'], ['a'], []],
  )
})

test('session: the last search of the session is kept', () => {
  const sessions = sessionsOf([at(0, 'a', { query: 'hat' }), at(1, 'b'), at(1 + GAP_MS, 'c')])
  assert.deepEqual(
    sessions.map(one => one?.query),
    ['hat', 'hat', null],
  )
})

test('session: an impression passes and leaves no trace', () => {
  const run = drive()
  const [outcome] = run.sendAll(sentAll([{ type: 'impression' }]))
  assert.equal((outcome?.emitted['session-features']?.[0] as Sessioned | undefined)?.session, null)
  assert.deepEqual(run.stateOf('session-features', 'u:u'), { session: undefined, cart: undefined, recent: [] })
})

test('session: positive interactions are published as clicks, others are not', () => {
  const published = drive()
    .sendAll(sentAll([at(0, 'a', { country: 'AT' }), at(1, 'b', { type: 'skip' }), at(2, 'c', { type: 'purchase' })]))
    .flatMap(one => one.published)
  assert.deepEqual(
    published.map(one => [one.topic.name, one.key, one.value]),
    [
      [
        'session-clicks.v1',
        'u',
        { visitor: 'u:u', sessionStartedAtMs: START_MS, itemId: 'a', type: 'view', atMs: START_MS },
      ],
      [
        'session-clicks.v1',
        'u',
        { visitor: 'u:u', sessionStartedAtMs: START_MS, itemId: 'c', type: 'purchase', atMs: START_MS + 2 },
      ],
    ],
  )
})
