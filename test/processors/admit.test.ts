import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admitted } from '../../processors/admit.ts'
import { admit } from '../../processors/admit.ts'
import { defaultFolds } from '../../processors/options.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { interactionOf, sentAll, sentOf, START_MS } from './arrivals.ts'
import { Drive, type Sent } from './drive.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const ID_256 = 'ä'.repeat(128)
const shown = (count: number) => Array.from({ length: count }, (_, i) => ({ itemId: `i${i}`, position: i }))

const drive = () => new Drive([admit(defaultFolds)])
const codesOf = (events: readonly Sent[]) =>
  drive()
    .sendAll(events)
    .map(one => one.rejected?.code ?? 'ok')
const admittedOf = (sent: Sent) => drive().send(sent).emitted.admit?.[0] as Admitted

const single: { name: string; fields: Partial<Interaction>; code?: string; says?: RegExp }[] = [
  { name: 'a plain view counts', fields: {} },
  {
    name: 'neither userId nor anonymousId',
    fields: { userId: null },
    code: 'MISSING_VISITOR',
    says: /^userId: wanted .*, got neither$/,
  },
  { name: 'an anonymous visitor counts', fields: { userId: null, anonymousId: 'x' } },
  {
    name: 'an empty userId does not fall back to the anonymousId',
    fields: { userId: '', anonymousId: 'x' },
    code: 'INVALID_ID',
  },
  { name: 'an id of 256 bytes counts', fields: { userId: ID_256, itemId: ID_256 } },
  {
    name: 'an id of 257 bytes',
    fields: { userId: `${ID_256}x` },
    code: 'INVALID_ID',
    says: /^userId: wanted at most 256 bytes .*, got 257$/,
  },
  { name: 'an id of 10 kB', fields: { itemId: 'x'.repeat(10_000) }, code: 'INVALID_ID' },
  { name: 'odd ids count', fields: { userId: '{u}\n../%', itemId: '日本 "x"', eventId: '\u0000' } },
  { name: 'an id with a lone surrogate', fields: { itemId: '\ud800' }, code: 'INVALID_ID' },
  { name: 'an empty eventId', fields: { eventId: '' }, code: 'INVALID_ID' },
  { name: 'an empty sessionId', fields: { sessionId: '' }, code: 'INVALID_ID' },
  { name: 'an empty itemId', fields: { itemId: '' }, code: 'INVALID_ID' },
  { name: 'a view without an item', fields: { itemId: null }, code: 'MISSING_ITEM' },
  { name: 'an impression without items', fields: { type: 'impression', itemId: null }, code: 'MISSING_ITEM' },
  { name: 'an impression of 50 items counts', fields: { type: 'impression', itemId: null, items: shown(50) } },
  {
    name: 'an impression of 51 items',
    fields: { type: 'impression', itemId: null, items: shown(51) },
    code: 'TOO_MANY_ITEMS',
    says: /got 51$/,
  },
  {
    name: 'an impression of an item with an empty id',
    fields: { type: 'impression', items: [{ itemId: '', position: 0 }] },
    code: 'INVALID_ID',
    says: /^items\[0\]\.itemId:/,
  },
  {
    name: 'an unknown type',
    fields: { type: 'stare' },
    code: 'UNKNOWN_TYPE',
    says: /^type: wanted one of purchase, like, .*dislike, got "stare"$/,
  },
  { name: 'a type that every object has', fields: { type: '__proto__' }, code: 'UNKNOWN_TYPE' },
  {
    name: 'a NaN value',
    fields: { value: Number.NaN },
    code: 'INVALID_NUMBER',
    says: /^value: wanted a finite number of at least 0, got NaN$/,
  },
  { name: 'a negative value', fields: { value: -1 }, code: 'INVALID_NUMBER' },
  { name: 'an infinite price', fields: { price: Number.POSITIVE_INFINITY }, code: 'INVALID_NUMBER' },
  { name: 'a price of 0 counts', fields: { price: 0 } },
  { name: 'a quantity of 0', fields: { quantity: 0 }, code: 'INVALID_NUMBER' },
  { name: 'a quantity of 1 counts', fields: { quantity: 1 } },
  { name: 'a dwell below 0', fields: { dwellMs: -1 }, code: 'INVALID_NUMBER' },
  { name: 'a completion of 1 counts', fields: { completion: 1 } },
  {
    name: 'a completion just past 1',
    fields: { completion: 1.001 },
    code: 'INVALID_NUMBER',
    says: /wanted a number from 0 to 1, got 1\.001$/,
  },
  { name: 'a time of 0', fields: { occurredAt: 0 }, code: 'INVALID_TIME' },
  { name: 'a time of 1 counts', fields: { occurredAt: 1 } },
  { name: 'a sentAt below 0', fields: { sentAt: -1 }, code: 'INVALID_TIME' },
  {
    name: 'a crawler by its user agent',
    fields: { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1)' },
    code: 'BOT_TRAFFIC',
  },
  { name: 'a telephone made by CUBOT counts', fields: { userAgent: 'Mozilla/5.0 (Linux; Android 9; CUBOT X19)' } },
]
for (const { name, fields, code, says } of single)
  test(`admit: ${name}`, () => {
    const run = drive()
    const { rejected } = run.send(sentOf(interactionOf(fields)))
    assert.equal(rejected?.code, code, rejected?.message)
    if (says) assert.match(rejected?.message ?? '', says)
    assert.equal(run.image().size, code ? 0 : 1, 'a refused record leaves no state')
  })

test('admit: a key other than the visitor is misplaced, and so is none', () => {
  const sent = sentOf(interactionOf())
  for (const key of ['other', 'u:u', null])
    assert.equal(drive().send({ ...sent, event: { ...(sent.event as object), key } }).rejected?.code, 'MISPLACED_KEY')
})

const times: { name: string; fields: Partial<Interaction>; appendedAtMs: number; atMs?: number; code?: string }[] = [
  {
    name: '5 minutes ahead of the append time count',
    fields: {},
    appendedAtMs: START_MS - 5 * MINUTE_MS,
    atMs: START_MS,
  },
  {
    name: 'a millisecond more is the future',
    fields: {},
    appendedAtMs: START_MS - 5 * MINUTE_MS - 1,
    code: 'FUTURE_TIME',
  },
  { name: 'a year late counts at its own time', fields: {}, appendedAtMs: START_MS + 365 * DAY_MS, atMs: START_MS },
  // the device is an hour ahead and sent 2 s after it happened: received 1 s later at START means START − 2 s
  {
    name: 'a clock an hour ahead is corrected',
    fields: { occurredAt: START_MS + 3_600_000, sentAt: START_MS + 3_602_000, receivedAt: START_MS },
    appendedAtMs: START_MS,
    atMs: START_MS - 2000,
  },
  {
    name: 'without receivedAt nothing is corrected',
    fields: { occurredAt: START_MS + 3_600_000, sentAt: START_MS + 3_602_000 },
    appendedAtMs: START_MS,
    code: 'FUTURE_TIME',
  },
  {
    name: 'a correction below 0 is no time',
    fields: { occurredAt: 1, sentAt: 5000, receivedAt: 4000 },
    appendedAtMs: START_MS,
    code: 'INVALID_TIME',
  },
]
for (const { name, fields, appendedAtMs, atMs, code } of times)
  test(`admit: ${name}`, () => {
    const { rejected, emitted } = drive().send(sentOf(interactionOf(fields), 0, appendedAtMs))
    assert.equal(rejected?.code, code)
    assert.equal((emitted.admit?.[0] as Admitted | undefined)?.atMs, atMs)
  })

/** Minutes are event time after START_MS. */
const memory: { name: string; events: (Partial<Interaction> & { minute?: number })[]; codes: string[] }[] = [
  {
    name: 'the same eventId again is a duplicate',
    events: [{ eventId: 'x' }, { eventId: 'x', itemId: 'b' }],
    codes: ['ok', 'DUPLICATE_EVENT'],
  },
  {
    name: 'exactly 24 h apart still is',
    events: [{ eventId: 'x' }, { eventId: 'x', minute: 1440 }],
    codes: ['ok', 'DUPLICATE_EVENT'],
  },
  {
    name: 'a second past 24 h is another event',
    events: [{ eventId: 'x' }, { eventId: 'x', minute: 1440 + 1 / 60 }],
    codes: ['ok', 'ok'],
  },
  {
    name: 'another visitor may use the eventId',
    events: [{ eventId: 'x' }, { eventId: 'x', userId: 'v' }],
    codes: ['ok', 'ok'],
  },
  {
    name: 'a user and an anonymous device of one name are two',
    events: [{ eventId: 'x' }, { eventId: 'x', userId: null, anonymousId: 'u' }],
    codes: ['ok', 'ok'],
  },
  { name: 'a reload within the bucket is a repeat', events: [{}, { minute: 4.99 }], codes: ['ok', 'REPEATED_ACTION'] },
  { name: 'the next bucket counts again', events: [{}, { minute: 5 }], codes: ['ok', 'ok'] },
  {
    name: 'another type, item or client session is no repeat',
    events: [{}, { type: 'like' }, { itemId: 'b' }, { sessionId: 's' }, { sessionId: 's' }],
    codes: ['ok', 'ok', 'ok', 'ok', 'REPEATED_ACTION'],
  },
  {
    name: 'purchases, carts and impressions may repeat',
    events: [
      { type: 'purchase' },
      { type: 'purchase' },
      { type: 'add_to_cart' },
      { type: 'add_to_cart' },
      { type: 'impression' },
      { type: 'impression' },
    ],
    codes: ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  },
  {
    name: 'a late event is held against its own bucket',
    events: [{}, { minute: 60 }, { minute: 1 }],
    codes: ['ok', 'ok', 'REPEATED_ACTION'],
  },
]
for (const { name, events, codes } of memory)
  test(`admit: ${name}`, () => {
    assert.deepEqual(
      codesOf(
        sentAll(events.map(({ minute = 0, ...fields }) => ({ occurredAt: START_MS + minute * MINUTE_MS, ...fields }))),
      ),
      codes,
    )
  })

const carts = (count: number, itemOf: (i: number) => string, minute = 0) =>
  Array.from({ length: count }, (_, i) => ({
    type: 'add_to_cart',
    itemId: itemOf(i),
    occurredAt: START_MS + minute * MINUTE_MS,
  }))
const numbered = (fields: Partial<Interaction>[]) => sentAll(fields.map((one, i) => ({ eventId: `e${i}`, ...one })))

const bots: { name: string; events: Partial<Interaction>[]; codes: string[] }[] = [
  {
    name: '300 events in a bucket count, the 301st does not',
    events: carts(301, i => `i${i % 9}`),
    codes: ['ok', 'BOT_TRAFFIC'],
  },
  {
    name: '200 items in a bucket count, the 201st does not',
    events: carts(201, i => `i${i}`),
    codes: ['ok', 'BOT_TRAFFIC'],
  },
  {
    name: 'the 200 known ones still count',
    events: [...carts(200, i => `i${i}`), ...carts(1, () => 'i7')],
    codes: ['ok', 'ok'],
  },
  {
    name: 'the next bucket begins anew',
    events: [...carts(300, () => 'a'), ...carts(1, () => 'a', 10)],
    codes: ['ok', 'ok'],
  },
  {
    name: 'items of the bucket before are new to the next',
    events: [...carts(50, i => `i${i}`), ...carts(201, i => `i${i}`, 10)],
    codes: ['ok', 'BOT_TRAFFIC'],
  },
  {
    name: 'purchases neither count nor are refused',
    events: [...carts(300, () => 'a'), { type: 'purchase' }],
    codes: ['ok', 'ok'],
  },
  {
    name: 'impressions are events without items',
    events: [
      ...carts(199, i => `i${i}`),
      { type: 'impression', itemId: null, items: shown(50) },
      ...carts(1, () => 'new'),
    ],
    codes: ['ok', 'ok'],
  },
  {
    name: 'purchases in between hide nothing',
    events: [...carts(300, () => 'a').flatMap(one => [one, { type: 'purchase' }]), ...carts(1, () => 'a')],
    codes: ['ok', 'BOT_TRAFFIC'],
  },
]
for (const { name, events, codes } of bots)
  test(`admit: ${name}`, () => assert.deepEqual(codesOf(numbered(events)).slice(-codes.length), codes))

test('admit: the 256th event before is remembered, the 257th is forgotten and counted', () => {
  const first = { eventId: 'x' }
  const others = (count: number) =>
    carts(count, i => `i${i % 9}`).map((one, i) => ({ ...one, eventId: `o${i}`, occurredAt: START_MS + i * MINUTE_MS }))
  const again = { eventId: 'x', occurredAt: START_MS + 9 * MINUTE_MS }
  assert.equal(codesOf(numbered([first, ...others(255), again])).at(-1), 'DUPLICATE_EVENT')
  const run = drive()
  const outcomes = run.sendAll(numbered([first, ...others(256), again]))
  assert.equal(outcomes.at(-1)?.rejected, undefined)
  assert.equal(outcomes.at(-3)?.counts.length, 0)
  assert.deepEqual(outcomes.at(-2)?.counts, [{ processor: 'admit', counter: 'forgottenEarly', by: 1 }])
  assert.equal(run.stateOf<{ recent: unknown[] }>('admit', 'u:u').recent.length, 33)
})

test('admit: weights are handed on in half-units, traits in form, dwell up to the cap', () => {
  const event = admittedOf(
    sentOf(
      interactionOf({
        type: 'skip',
        country: 'at',
        device: 'Mobile',
        language: 'de-AT',
        query: ' red shoes ',
        dwellMs: 1_800_001,
      }),
    ),
  )
  assert.deepEqual(
    [event.visitor, event.weight, event.country, event.device, event.language, event.query, event.dwellMs],
    ['u:u', -1, 'AT', 'mobile', 'de-AT', 'red shoes', 1_800_000],
  )
  const odd = admittedOf(
    sentOf(interactionOf({ country: 'Austria', device: 'a|b', language: 'x'.repeat(36), query: '  ' })),
  )
  assert.deepEqual([odd.country, odd.device, odd.language, odd.query], [null, null, null, null])
})

test('admit: an impression shows each item once, or its itemId where it names none', () => {
  const items = [...shown(2), { itemId: 'i0', position: 7 }]
  const many = admittedOf(sentOf(interactionOf({ type: 'impression', itemId: 'z', items })))
  assert.deepEqual([many.itemId, many.weight, many.items], [null, 0, shown(2)])
  const one = admittedOf(sentOf(interactionOf({ type: 'impression', itemId: 'z', position: 3 })))
  assert.deepEqual(one.items, [{ itemId: 'z', position: 3 }])
})
