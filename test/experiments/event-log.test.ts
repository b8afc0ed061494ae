import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLog } from '../../experiments/event-log.ts'
import { item } from '../../schemas/item.ts'
import { withDefaults } from '../../connectors/with-defaults.ts'
import { eventOf, logOf, MINUTE_MS, START_MS } from './logs.ts'

test('users, sessions and items are numbered as they first come; the catalogue numbers what is left', () => {
  const log = logOf('u:b@0 v:a@1 u:a@29 u:b@59', { catalogue: new Map([['z', withDefaults(item, { title: 'z' })]]) })
  assert.deepEqual(log.users, ['u:u', 'u:v'])
  assert.deepEqual(log.items, ['b', 'a', 'z'])
  assert.deepEqual([...log.user], [0, 1, 0, 0])
  assert.deepEqual([...log.item], [0, 1, 1, 0])
  // 29 minutes of silence go on, 30 begin anew.
  assert.deepEqual([...log.session], [0, 1, 0, 2])
})

test('a session id of its own counts, whatever the silence, and not beyond its visitor', () => {
  const at = (userId: string, sessionId: string | null, minute: number) =>
    eventOf({ userId, sessionId, occurredAt: START_MS + minute * MINUTE_MS })
  const log = eventLog({
    name: 't',
    interactions: [at('u', 's', 0), at('u', 's', 600), at('v', 's', 600), at('u', 't', 601)],
  })
  assert.deepEqual([...log.session], [0, 0, 1, 2])
})

test('an impression of one item is of that item, one of several of none; its weight is 0', () => {
  const of = (...ids: string[]) =>
    eventOf({ itemId: null, type: 'impression', items: ids.map(itemId => ({ itemId, position: null })) })
  const log = eventLog({ name: 't', interactions: [of('a'), of('a', 'b')] })
  assert.deepEqual([...log.item], [0, -1])
  assert.deepEqual([...log.weight], [0, 0])
})

test('the hash is that of the events: the same again, another with another time, user, item, type or order', () => {
  const { hash } = logOf('u:a v:b')
  assert.equal(logOf('u:a v:b').hash, hash)
  for (const words of ['u:a v:b@5', 'w:a v:b', 'u:a v:c', 'u:a v:b!like', 'v:b@1 u:a@0'])
    assert.notEqual(logOf(words).hash, hash)
})

test('an event of an unknown type or of nobody is told with its number', () => {
  assert.throws(() => logOf('u:a u:a!wink'), /event 2: wanted a type among .*, got wink/)
  assert.throws(() => eventLog({ name: 't', interactions: [eventOf({ userId: null })] }), /event 1: wanted a userId/)
})
