/** What is published while things go wrong: shoppers, a catalogue that changes, records that nothing can be made of. */
import { withDefaults } from '../../connectors/with-defaults.ts'
import type { ErrorCode } from '../../schemas/errors.ts'
import { partitionOf } from '../../schemas/ids.ts'
import { type Interaction, interaction } from '../../schemas/interaction.ts'
import { type Item, item } from '../../schemas/item.ts'
import { topics } from '../../schemas/topics.ts'
import { type User, user } from '../../schemas/user.ts'
import type { AnyTopic } from '../../topology/graph.ts'
import { Dice } from './random.ts'

export const START_MS = Date.UTC(2026, 0, 1)

/** How a value is written: as we do, as JSON, or under a newer schema that the readers have to fetch. */
export type Form = 'avro' | 'json' | 'newer'

export interface Sent {
  /** ms after the start. */
  readonly atMs: number
  readonly topic: AnyTopic
  readonly key: string | null
  readonly partition: number
  readonly value: Interaction | Item | User | null
  readonly form: Form
  /** In place of a value; 'unknown-schema' names an id that the registry does not have. */
  readonly raw?: Buffer | 'unknown-schema' | 'cut'
  /** In place of the time at which the log takes it, ms since the epoch. */
  readonly appendedAtMs?: number
  /** Why it must be set aside before any fold sees it; undefined where the folds decide. */
  readonly refusedAs?: ErrorCode
}

/** A search by this name makes a processor of the simulated graph throw. */
export const BOOM = 'boom'
export const VISITORS = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus']
export const ITEMS = 10
const TYPES = ['view', 'view', 'view', 'click', 'like', 'purchase', 'purchase', 'add_to_cart', 'skip', 'dislike']
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

export function workload(seed: number, partitions: number, spanMs: number): Sent[] {
  const dice = new Dice(seed, 'workload')
  const count = 15 + dice.below(50)
  const strange = dice.pick([0, 0.02, 0.06])
  const hasNewer = dice.is(0.4)
  const sent: Sent[] = []
  const send = (topic: AnyTopic, key: string | null, value: Sent['value'], more: Partial<Sent> = {}) => {
    const newer = hasNewer && topic === topics.interactions ? 'newer' : 'avro'
    const form: Form = dice.pick(['avro', 'avro', 'avro', newer, 'json'])
    const partition = partitionOf(key ?? '', partitions)
    const atMs = Math.floor(sent.length < ITEMS ? 0 : dice.next() * spanMs)
    sent.push({ atMs, topic, key, partition, value, form: value ? form : 'avro', ...more })
  }
  const catalogue = (i: number, available = true) =>
    send(topics.items, `i${i}`, withDefaults(item, { title: `item ${i}`, categories: [`c${i % 3}`], available }))

  for (let i = 0; i < ITEMS; i++) if (dice.is(0.8)) catalogue(i)
  for (let n = 0; n < count; n++) {
    const value = shopping(dice, n, count)
    const key = value.userId ?? value.anonymousId ?? 'nobody'
    if (dice.is(strange)) stranger(dice, send, value, key, partitions)
    else send(topics.interactions, key, value)
    if (dice.is(0.05)) send(topics.interactions, key, value) // sent again by a client that heard no answer
    if (dice.is(0.06)) catalogue(dice.below(ITEMS), dice.is(0.5))
    if (dice.is(0.02)) send(topics.items, `i${dice.below(ITEMS)}`, null)
    if (dice.is(0.03)) send(topics.users, dice.pick(VISITORS), withDefaults(user, { preferredCategories: ['c1'] }))
  }
  return sent.sort((a, b) => a.atMs - b.atMs)
}

const LAW_SPAN_MS = 5_000

/** One input whatever the number of partitions and the time it is published in: append times are part of it. */
export const inputOf = (input: number, partitions: number, spanMs: number): Sent[] =>
  workload(input, 1, LAW_SPAN_MS).map(one => ({
    ...one,
    atMs: Math.floor((one.atMs * spanMs) / LAW_SPAN_MS),
    appendedAtMs: START_MS + one.atMs,
    partition: partitionOf(one.key ?? '', partitions),
  }))

/** One more event of every visitor, so that a list that knows the last one is a new list. */
export function lastWords(partitions: number): Sent[] {
  return VISITORS.map((userId, i) => {
    const fields = { eventId: `last ${userId}`, userId, itemId: 'last', type: 'like', occurredAt: START_MS - i - 1 }
    const value = withDefaults(interaction, fields)
    return {
      atMs: 0,
      topic: topics.interactions,
      key: userId,
      partition: partitionOf(userId, partitions),
      value,
      form: 'avro',
    }
  })
}

function shopping(dice: Dice, n: number, count: number): Interaction {
  const visitor = dice.pick(VISITORS)
  const isUser = dice.is(0.85)
  const type = dice.is(0.08) ? 'impression' : dice.is(0.02) ? 'hover' : dice.pick(TYPES)
  const shown = Array.from({ length: 1 + dice.below(4) }, (_, position) => ({
    itemId: `i${dice.below(ITEMS)}`,
    position,
  }))
  return withDefaults(interaction, {
    eventId: dice.is(0.04) ? `e${dice.below(count)}` : `e${n}`,
    userId: isUser ? visitor : null,
    anonymousId: isUser ? null : visitor,
    sessionId: dice.is(0.2) ? dice.pick(['s1', 's2']) : null,
    itemId: type === 'impression' ? null : `i${dice.below(ITEMS)}`,
    items: type === 'impression' ? shown : [],
    type,
    orderId: type === 'purchase' && dice.is(0.6) ? `order ${visitor} ${dice.below(3)}` : null,
    country: dice.is(0.3) ? dice.pick(['AT', 'DE']) : null,
    device: dice.is(0.3) ? dice.pick(['mobile', 'tablet']) : null,
    occurredAt: START_MS - timeAgo(dice, n, count),
  })
}

/** Mostly in order and minutes apart; some very late, some ahead of the broker's clock. */
function timeAgo(dice: Dice, n: number, count: number): number {
  const agoMs = (2 * count - n) * MINUTE_MS
  if (dice.is(0.9)) return agoMs
  return dice.pick([40 * DAY_MS, 3 * DAY_MS, agoMs + 30 * MINUTE_MS, -4 * MINUTE_MS, -20 * MINUTE_MS, 400 * DAY_MS])
}

/** It gets as far as the processor that throws. */
const explosive = (value: Interaction, n: number): Interaction => ({
  ...value,
  eventId: `boom ${n}`,
  type: 'purchase',
  itemId: 'i0',
  items: [],
  query: BOOM,
  occurredAt: Math.min(value.occurredAt, START_MS - MINUTE_MS),
})

/** Poison of every kind, under the key of a visitor whose other events must go on. */
function stranger(
  dice: Dice,
  send: (topic: AnyTopic, key: string | null, value: Sent['value'], more?: Partial<Sent>) => void,
  value: Interaction,
  key: string,
  partitions: number,
): void {
  const raw = (bytes: Sent['raw'], refusedAs: ErrorCode) =>
    send(topics.interactions, key, value, { raw: bytes, refusedAs, form: 'avro' })
  dice.pick([
    () => raw(Buffer.from([7, 7, 7]), 'UNKNOWN_FORMAT'),
    () => raw(Buffer.from('{"eventId":'), 'INVALID_JSON'),
    () => raw(Buffer.from([0, 0, 0]), 'INVALID_AVRO'),
    () => raw('cut', 'INVALID_AVRO'),
    () => raw('unknown-schema', 'UNKNOWN_SCHEMA'),
    () => send(topics.interactions, key, null, { refusedAs: 'UNKNOWN_FORMAT' }),
    () => send(topics.interactions, 'not the visitor', value),
    () => send(topics.interactions, key, explosive(value, dice.below(1_000)), { refusedAs: 'HANDLER_FAILED' }),
    () => send(topics.items, `i${dice.below(ITEMS)}`, null, { raw: Buffer.from([9]), refusedAs: 'UNKNOWN_FORMAT' }),
    () => send(topics.items, '', withDefaults(item, { title: 'no id' }), { refusedAs: 'INVALID_ID' }),
    () => {
      const partition = (partitionOf(key, partitions) + 1) % partitions
      if (partitions > 1) send(topics.interactions, key, value, { partition, refusedAs: 'MISPLACED_KEY' })
    },
  ])()
}
