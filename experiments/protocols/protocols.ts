/** The protocols by name. A name says what must not be recommended and whether learning goes on, since both move every figure. */
import type { EventLog } from '../event-log.ts'
import { leaveOneOut } from './leave-one-out.ts'
import { nextBasket } from './next-basket.ts'
import { nextItem } from './next-item.ts'
import type { Protocol } from './step.ts'

const DAY_MS = 86_400_000

export interface ProtocolOptions {
  /** Share of the events before the test span where the log does not say; default 0.9, of the prequential protocol 0. */
  readonly split?: number
  /** Types that are asked for; default every one with a weight above 0. */
  readonly targets?: readonly string[]
  readonly seed: number
}

type Make = (log: EventLog, options: ProtocolOptions) => Omit<Protocol, 'name' | 'events'>

const targetsOf = ({ targets }: ProtocolOptions) => (targets ? { targets: new Set(targets) } : {})

const prequential: Make = (log, options) => ({
  about:
    'Test, then learn: every event with an item new to its user is asked for, then learned. A user nobody knows is asked for too, and an item nobody has met is missed.',
  unit: 'user',
  mayRepeat: false,
  steps: () =>
    nextItem(log, {
      from: Math.floor((options.split ?? 0) * log.interactions.length),
      isStreaming: true,
      removes: 'known',
      needsPrefix: false,
      relevant: 'next',
      unit: 'user',
      fitEveryMs: DAY_MS,
      ...targetsOf(options),
    }),
})

const session =
  (removes: 'current' | 'none', isStreaming: boolean): Make =>
  (log, options) => ({
    about: `Every event with another before it in its session is asked for. Hit rate and MRR look at the next item, the others at all that is left of the session. ${removes === 'current' ? 'The current item is not recommended; items before it may be.' : 'Any item may be recommended, the current one too.'} ${frozenOr(isStreaming)}`,
    unit: 'session',
    mayRepeat: true,
    steps: () =>
      nextItem(log, {
        from: testFrom(log, options, 0.9),
        isStreaming,
        removes,
        needsPrefix: true,
        relevant: 'rest of the session',
        unit: 'session',
        ...targetsOf(options),
      }),
  })

const split =
  (isStreaming: boolean): Make =>
  (log, options) => ({
    about: `One point in time for all: what lies before is learned, every event behind it with an item new to its user is asked for. ${frozenOr(isStreaming)}`,
    unit: 'user',
    mayRepeat: false,
    steps: () =>
      nextItem(log, {
        from: testFrom(log, options, 0.9),
        isStreaming,
        removes: 'known',
        needsPrefix: false,
        relevant: 'next',
        unit: 'user',
        ...(isStreaming && { fitEveryMs: DAY_MS }),
        ...targetsOf(options),
      }),
  })

const basket =
  (asks: 'next basket' | 'held item', isStreaming: boolean): Make =>
  (log, options) => ({
    about: `${asks === 'next basket' ? 'The content of each basket behind the split is asked for before its first line; what was bought before may come again.' : 'One item of each basket behind the split is held out and asked for with the others in the cart; no item of the cart is recommended.'} ${frozenOr(isStreaming)}`,
    unit: 'user',
    mayRepeat: true,
    steps: () => nextBasket(log, { from: testFrom(log, options, 0.9), isStreaming, asks, seed: options.seed }),
  })

const frozenOr = (isStreaming: boolean) =>
  isStreaming
    ? 'Each event is learned once it was asked for.'
    : "Behind the split nothing shared is learned; a visitor's own history goes on where the method keeps one."

const protocols: Readonly<Record<string, Make>> = {
  'prequential/known-removed': prequential,
  'session/current-removed/frozen': session('current', false),
  'session/current-removed/streaming': session('current', true),
  'session/all-items/frozen': session('none', false),
  'session/all-items/streaming': session('none', true),
  'split/known-removed/frozen': split(false),
  'split/known-removed/streaming': split(true),
  'next-basket/repeats-kept/frozen': basket('next basket', false),
  'next-basket/repeats-kept/streaming': basket('next basket', true),
  'held-item/cart-removed/frozen': basket('held item', false),
  'held-item/cart-removed/streaming': basket('held item', true),
  'leave-one-out/known-removed': log => ({
    about:
      'The last item of every user is asked for when everything else was learned, whenever that happened: a sanity check, too high by design.',
    unit: 'user',
    mayRepeat: false,
    steps: () => leaveOneOut(log),
  }),
}

/** The plain words of the command line. */
export const protocolShorthands: Readonly<Record<string, string>> = {
  prequential: 'prequential/known-removed',
  session: 'session/current-removed/streaming',
  split: 'split/known-removed/streaming',
  basket: 'next-basket/repeats-kept/streaming',
  'held-item': 'held-item/cart-removed/streaming',
  'leave-one-out': 'leave-one-out/known-removed',
}
export const protocolNames: readonly string[] = Object.keys(protocols)

/** @throws RangeError naming what there is */
export function protocolOf(name: string, log: EventLog, options: ProtocolOptions): Protocol {
  const full = protocolShorthands[name] ?? name
  const make = Object.hasOwn(protocols, full) ? protocols[full] : undefined
  if (!make)
    throw new RangeError(
      `wanted a protocol among ${[...Object.keys(protocolShorthands), ...protocolNames].join(', ')}, got ${name}`,
    )
  return { name: full, events: log.interactions.length, ...make(log, options) }
}

function testFrom(log: EventLog, { split }: ProtocolOptions, usual: number): number {
  if (split !== undefined) return Math.floor(split * log.interactions.length)
  return log.testFrom ?? Math.floor(usual * log.interactions.length)
}
