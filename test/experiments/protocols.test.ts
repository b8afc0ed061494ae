/** What each protocol asks for and when, step by step, on logs small enough to follow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventLog } from '../../experiments/event-log.ts'
import { protocolNames, protocolOf, protocolShorthands } from '../../experiments/protocols/protocols.ts'
import type { Step } from '../../experiments/protocols/step.ts'
import { logOf } from './logs.ts'

/** `+x` learned, `~x` observed, `?x<recent>-excluded=>relevant` asked for. */
function told(log: EventLog, steps: Iterable<Step>): string {
  const name = (item: number) => log.items[item] ?? '?'
  const words: string[] = []
  for (const step of steps) {
    if (step.kind === 'learn') words.push(`+${name(step.event.item)}`)
    else if (step.kind === 'observe') words.push(`~${name(step.event.item)}`)
    else if (step.kind === 'ask') {
      const excluded = log.items.filter((_, item) => step.query.isExcluded(item)).join('')
      const recent = step.query.recent.map(name).join('')
      const user = log.users[step.query.user]?.slice(2)
      words.push(
        `${user}?${step.next.map(name).join('')}<${recent}>${excluded && `-${excluded}`}=>${step.relevant.map(name).join('')}`,
      )
    } else words.push(step.kind)
  }
  return words.join(' ')
}

const cases = [
  {
    name: 'prequential: each event is asked for before it is learned, one whose item the user knows is learned only',
    protocol: 'prequential',
    log: 'u:a v:b u:a u:b',
    steps: 'u?a<>=>a +a v?b<>=>b +b +a u?b<aa>-a=>b +b',
  },
  {
    name: 'prequential: what says no is learned, not asked for, and known from then on',
    protocol: 'prequential',
    log: 'u:a!dislike u:a!like u:b!like',
    steps: '+a +a u?b<a>-a=>b +b',
  },
  {
    name: 'prequential: models are fitted when a day has passed, to the minute',
    protocol: 'prequential',
    log: 'u:a@0 u:b@1439 u:c@1440',
    steps: 'u?a<>=>a +a u?b<>-a=>b +b fit u?c<b>-ab=>c +c',
  },
  {
    name: 'exposure, click and view of one item at one time are one moment: asked for once, before the exposure',
    protocol: 'prequential',
    log: 'u:a@1!impression u:a@1!click u:a@1!view u:b@1!click',
    steps: 'u?a<>=>a +a +a +a u?b<aa>-a=>b +b',
  },
  {
    name: 'only the types that are asked for are',
    protocol: 'prequential',
    targets: ['like'],
    log: 'u:a!view u:b!like',
    steps: '+a u?b<a>-a=>b +b',
  },
  {
    name: 'session: from the second event of a session on, the last item not recommended, all that is left relevant',
    protocol: 'session',
    split: 0,
    log: 'u:a u:b v:a u:c',
    steps: '+a u?b<a>-a=>bc +b +a u?c<ab>-b=>c +c',
  },
  {
    name: 'session: the current item again is asked for and missed, an earlier one may be recommended',
    protocol: 'session',
    split: 0,
    log: 'u:a u:a u:b u:a',
    steps: '+a u?a<a>-a=>ab +a u?b<aa>-a=>ab +b u?a<aab>-b=>a +a',
  },
  {
    name: 'session: half an hour of silence begins a new one',
    protocol: 'session',
    split: 0,
    log: 'u:a@0 u:b@29 u:c@59',
    steps: '+a u?b<a>-a=>b +b +c',
  },
  {
    name: 'session, all items: the current one may be recommended too',
    protocol: 'session/all-items/streaming',
    split: 0,
    log: 'u:a u:b',
    steps: '+a u?b<a>=>b +b',
  },
  {
    name: 'session, frozen: models are fitted once, then only the visitor goes on; a session may reach over the split',
    protocol: 'session/current-removed/frozen',
    split: 0.5,
    log: 'u:a u:b u:c v:c',
    steps: '+a +b fit freeze u?c<ab>-b=>c ~c ~c',
  },
  {
    name: 'split, streaming: no question before it, every one new to its user behind it',
    protocol: 'split',
    split: 0.5,
    log: 'u:a v:b u:a u:b',
    steps: '+a +b fit +a u?b<aa>-a=>b +b',
  },
  {
    name: 'split: a moment that the split cuts is asked for as its second half',
    protocol: 'split/known-removed/frozen',
    split: 0.5,
    log: 'u:a@0!impression u:a@0!click',
    steps: '+a fit freeze u?a<>=>a ~a',
  },
  {
    name: 'the test span that the log names is taken where no split is given',
    protocol: 'split',
    testFrom: 1,
    log: 'u:a u:b u:c',
    steps: '+a fit u?b<a>-a=>b +b u?c<ab>-ab=>c +c',
  },
  {
    name: 'next basket: whole baskets behind the split, what was bought before is relevant too',
    protocol: 'basket',
    split: 0.25,
    log: 'u:a!purchase#1 u:b!purchase#1 u:a!purchase#2 u:c!purchase#2',
    steps: '+a +b fit u?ac<>=>ac +a +c',
  },
  {
    name: 'held item: the others are the cart and are not recommended; one item alone is no question',
    protocol: 'held-item/cart-removed/frozen',
    split: 0.25,
    seed: 2,
    log: 'u:a!purchase#1 u:b!purchase#2 v:b!purchase#3 v:c!purchase#3',
    steps: '+a fit freeze ~b v?c<b>-b=>c ~b ~c',
  },
  {
    name: 'leave one out: everything else is learned first, a user of one item is no question',
    protocol: 'leave-one-out',
    log: 'u:a v:a u:b v:c w:d',
    steps: '+a +a fit freeze u?b<a>-a=>b v?c<a>-a=>c',
  },
] as const

for (const one of cases)
  test(one.name, () => {
    const log = logOf(one.log, 'testFrom' in one ? { testFrom: one.testFrom } : {})
    const protocol = protocolOf(one.protocol, log, {
      seed: 'seed' in one ? one.seed : 1,
      ...('split' in one && { split: one.split }),
      ...('targets' in one && { targets: one.targets }),
    })
    assert.equal(told(log, protocol.steps()), one.steps)
  })

test('every protocol says in its name what must not be recommended, and every short name stands for one', () => {
  for (const name of protocolNames) assert.match(name, /\/(known|current|cart)-removed|all-items|repeats-kept/)
  for (const full of Object.values(protocolShorthands)) assert.ok(protocolNames.includes(full))
  assert.throws(
    () => protocolOf('precognition', logOf('u:a'), { seed: 1 }),
    /wanted a protocol among .* got precognition/,
  )
})

test('segments: by what was known of user and item before the question, never after', () => {
  const many = Array.from({ length: 20 }, (_, at) => `u:i${at}`).join(' ')
  const log = logOf(`${many} u:z@2000 v:i0@2001 v:z@2002`)
  const asks = [...protocolOf('prequential', log, { seed: 1 }).steps()].filter(step => step.kind === 'ask')
  const segments = asks.map(({ userSegment, itemSegment }) => `${userSegment}/${itemSegment}`)
  assert.equal(segments[0], 'new/new')
  assert.equal(segments[1], 'light/new')
  assert.equal(segments[20], 'heavy/new') // z, with twenty known
  assert.equal(segments[21], 'new/head') // i0 is older than a day, and all items have one interaction
  assert.equal(segments[22], 'light/new') // z was first met a minute ago
})
