import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admit } from '../../processors/admit.ts'
import { defaultFolds } from '../../processors/options.ts'
import { sessionFeatures } from '../../processors/session-features.ts'
import { signals } from '../../processors/signals.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { SIGNAL, type SignalKind } from '../../schemas/signals.ts'
import { sentAll, START_MS } from './arrivals.ts'
import { Drive } from './drive.ts'

const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const drive = () => new Drive([admit(defaultFolds), sessionFeatures(defaultFolds), signals(defaultFolds)])
const at = (ms: number, itemId: string, type = 'view', fields: Partial<Interaction> = {}) => ({
  occurredAt: START_MS + ms,
  itemId,
  type,
  ...fields,
})
const view = (itemId: string, ms = 0) => at(ms, itemId)

/** What the last event told of one kind, as `item→other:amount`, sorted. */
function told(kind: SignalKind, events: Partial<Interaction>[]): string[] {
  const deltas =
    drive()
      .sendAll(sentAll(events))
      .at(-1)
      ?.signals.flatMap(one => one.deltas) ?? []
  return deltas
    .filter(one => one.kind === kind)
    .map(one => `${one.itemId}→${one.other}:${one.amount}`)
    .sort()
}

const ten = 'bcdefghijk'.split('')
const cases: { name: string; kind: SignalKind; events: Partial<Interaction>[]; says: string[] }[] = [
  // DESIGN section 4, worked: views a, b; a purchase of a; a like of b
  {
    name: 'views of a and b make 2 half-units, told to both',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b')],
    says: ['a→b:2', 'b→a:2'],
  },
  {
    name: 'then a purchase of a adds nothing',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b'), at(0, 'a', 'purchase')],
    says: [],
  },
  {
    name: 'then a like of b adds 2',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b'), at(0, 'a', 'purchase'), at(0, 'b', 'like')],
    says: ['a→b:2', 'b→a:2'],
  },
  {
    name: 'the norm of a grows by what its strength grew',
    kind: SIGNAL.viewedNorm,
    events: [view('a'), view('b'), at(0, 'a', 'purchase')],
    says: ['a→:4'],
  },
  {
    name: 'a reload adds nothing',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b'), view('a', 6 * MINUTE_MS)],
    says: [],
  },
  {
    name: 'nor to the norm',
    kind: SIGNAL.viewedNorm,
    events: [view('a'), view('b'), view('a', 6 * MINUTE_MS)],
    says: [],
  },
  { name: 'a dislike makes no pairs', kind: SIGNAL.viewedWith, events: [view('a'), at(0, 'b', 'dislike')], says: [] },
  {
    name: 'ten items are in the window',
    kind: SIGNAL.viewedWith,
    events: ['a', ...ten.slice(0, 9)].map((id, i) => view(id, i)),
    says: ['a', ...ten.slice(0, 8)].flatMap(id => [`${id}→j:2`, `j→${id}:2`]).sort(),
  },
  {
    name: 'the eleventh pairs with nine, not with the first',
    kind: SIGNAL.viewedWith,
    events: ['a', ...ten].map((id, i) => view(id, i)),
    says: ten
      .slice(0, 9)
      .flatMap(id => [`${id}→k:2`, `k→${id}:2`])
      .sort(),
  },
  {
    name: 'an item that left begins at 0 again',
    kind: SIGNAL.viewedNorm,
    events: [...['a', ...ten].map((id, i) => view(id, i)), view('a', 6 * MINUTE_MS)],
    says: ['a→:2'],
  },
  {
    name: 'exactly 30 days apart is in the window',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b', 30 * DAY_MS)],
    says: ['a→b:2', 'b→a:2'],
  },
  {
    name: 'a millisecond more is not',
    kind: SIGNAL.viewedWith,
    events: [view('a'), view('b', 30 * DAY_MS + 1)],
    says: [],
  },
  {
    name: 'a late event within the window pairs',
    kind: SIGNAL.viewedWith,
    events: [view('a', 30 * DAY_MS), view('b')],
    says: ['a→b:2', 'b→a:2'],
  },
  { name: 'a later one does not', kind: SIGNAL.viewedWith, events: [view('a', 30 * DAY_MS + 1), view('b')], says: [] },
  {
    name: 'nor one older than a full window',
    kind: SIGNAL.viewedWith,
    events: [...ten.map((id, i) => view(id, 1 + i)), view('a')],
    says: [],
  },
  {
    name: 'one as old as the oldest pushes it out',
    kind: SIGNAL.viewedWith,
    events: [...ten.map((id, i) => view(id, i)), view('a')],
    says: ten
      .slice(1)
      .flatMap(id => [`a→${id}:2`, `${id}→a:2`])
      .sort(),
  },

  {
    name: 'next: one, two and three steps before',
    kind: SIGNAL.next,
    events: [view('a'), view('b'), view('c'), view('d'), view('e')],
    says: ['b→e:2', 'c→e:3', 'd→e:6'],
  },
  {
    name: 'next: neighbouring interactions with one item are one step',
    kind: SIGNAL.next,
    events: [view('a'), view('b'), at(1, 'b', 'like'), at(2, 'b', 'click'), view('c', 3)],
    says: ['a→c:3', 'b→c:6'],
  },
  {
    name: 'next: staying on an item is no step',
    kind: SIGNAL.next,
    events: [view('a'), view('b'), at(1, 'b', 'like')],
    says: [],
  },
  {
    name: 'next: an item does not follow itself',
    kind: SIGNAL.next,
    events: [view('a'), view('b'), at(1, 'a', 'like')],
    says: ['b→a:6'],
  },
  {
    name: 'next: a way back and forth counts each time',
    kind: SIGNAL.next,
    events: [view('a'), view('b'), at(1, 'a', 'like'), at(2, 'b', 'like')],
    says: ['a→b:2', 'a→b:6'],
  },
  {
    name: 'next: negatives are passed over',
    kind: SIGNAL.next,
    events: [view('a'), at(1, 'x', 'skip'), view('b', 2)],
    says: ['a→b:6'],
  },
  {
    name: 'next: another session begins anew',
    kind: SIGNAL.next,
    events: [view('a'), view('b', 30 * MINUTE_MS)],
    says: [],
  },

  {
    name: 'bought: two items of one order, told to both',
    kind: SIGNAL.boughtWith,
    events: [at(0, 'a', 'purchase', { orderId: 'o' }), at(9 * DAY_MS, 'b', 'purchase', { orderId: 'o' })],
    says: ['a→b:1', 'b→a:1'],
  },
  {
    name: 'bought: two orders make no pair',
    kind: SIGNAL.boughtWith,
    events: [at(0, 'a', 'purchase', { orderId: 'o' }), at(0, 'b', 'purchase', { orderId: 'p' })],
    says: [],
  },
  {
    name: 'bought: an item counts once an order',
    kind: SIGNAL.boughtNorm,
    events: [at(0, 'a', 'purchase', { orderId: 'o' }), at(0, 'a', 'purchase', { orderId: 'o' })],
    says: [],
  },
  {
    name: 'bought: without orderId the session is the order',
    kind: SIGNAL.boughtWith,
    events: [at(0, 'a', 'purchase'), view('v', 1), at(2, 'b', 'purchase')],
    says: ['a→b:1', 'b→a:1'],
  },
  {
    name: 'bought: the next session is another order',
    kind: SIGNAL.boughtWith,
    events: [at(0, 'a', 'purchase'), at(30 * MINUTE_MS, 'b', 'purchase')],
    says: [],
  },
  { name: 'bought: the 30th item joins its order', kind: SIGNAL.boughtNorm, events: order(30), says: ['i29→:1'] },
  { name: 'bought: the 31st does not', kind: SIGNAL.boughtNorm, events: order(31), says: [] },
  {
    name: 'bought: the fourth order back is still open',
    kind: SIGNAL.boughtWith,
    events: [...orders('opqr'), at(0, 'b', 'purchase', { orderId: 'o' })],
    says: ['b→io:1', 'io→b:1'],
  },
  {
    name: 'bought: the fifth is closed',
    kind: SIGNAL.boughtWith,
    events: [...orders('opqrs'), at(0, 'b', 'purchase', { orderId: 'o' })],
    says: [],
  },

  {
    name: 'popularity: half-units in the cell',
    kind: SIGNAL.popularity,
    events: [at(0, 'a', 'purchase', { country: 'at', device: 'mobile' })],
    says: ['a→AT|mobile:6'],
  },
  { name: 'popularity: an unknown cell', kind: SIGNAL.popularity, events: [view('a')], says: ['a→|:2'] },
  { name: 'popularity: not for negatives', kind: SIGNAL.popularity, events: [at(0, 'a', 'dislike')], says: [] },
  {
    name: 'count: negatives by their type',
    kind: SIGNAL.count,
    events: [at(0, 'a', 'dislike')],
    says: ['a→dislike:1'],
  },
  {
    name: 'count: every item an impression shows',
    kind: SIGNAL.count,
    events: [at(0, 'x', 'impression', { items: ['a', 'b', 'a'].map(itemId => ({ itemId, position: null })) })],
    says: ['a→impression:1', 'b→impression:1'],
  },
]
for (const { name, kind, events, says } of cases)
  test(`signals: ${name}`, () => assert.deepEqual(told(kind, events), says))

test('signals: a late event tells its own time, and what it could not pair is counted', () => {
  const outcome = drive()
    .sendAll(sentAll([view('a', 40 * DAY_MS), view('b')]))
    .at(-1)
  assert.deepEqual(
    outcome?.signals.map(one => one.atMs),
    [START_MS],
  )
  assert.deepEqual(
    outcome?.counts.filter(one => one.processor === 'signals'),
    [{ processor: 'signals', counter: 'tooOld', by: 1 }],
  )
})

test('signals: a full basket is counted', () => {
  const counts = drive()
    .sendAll(sentAll(order(31)))
    .at(-1)
    ?.counts.filter(one => one.processor === 'signals')
  assert.deepEqual(counts, [{ processor: 'signals', counter: 'basketFull', by: 1 }])
})

function order(count: number): Partial<Interaction>[] {
  return Array.from({ length: count }, (_, i) => at(i, `i${i}`, 'purchase', { orderId: 'o' }))
}

function orders(names: string): Partial<Interaction>[] {
  return names.split('').map(orderId => at(0, `i${orderId}`, 'purchase', { orderId }))
}
