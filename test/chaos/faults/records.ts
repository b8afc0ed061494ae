/** Records that should not be: broken in every way, twice, from other times; and a handler that fails or takes too long. */
import { setTimeout as wait } from 'node:timers/promises'
import { withDefaults } from '../../../connectors/with-defaults.ts'
import { partitionOf } from '../../../schemas/ids.ts'
import { type Interaction, interaction } from '../../../schemas/interaction.ts'
import { topicName, topics } from '../../../schemas/topics.ts'
import { anyOf, below, type Fault, type Strike } from '../fault.ts'
import { PARTITIONS, type Shop } from '../shop.ts'

const DAY_MS = 86_400_000
const ODD_EVENTS = 600
const RESENT = 300
const SLOW_FOR_MS = 15_000
/** At half of the traffic a batch takes longer than a session. */
const SLOW_MS = 15
const MAX_VALUE_BYTES = 200_000
const VISITOR = 'poison'
const PARTITION = partitionOf(VISITOR, PARTITIONS)

/** What is wrong with an interaction → the code it must be refused with. `good` is one that would be taken. */
const POISON: readonly (readonly [string, string, (good: Good) => Partial<Raw>])[] = [
  ['another first byte', 'UNKNOWN_FORMAT', () => ({ value: Buffer.from([7, 1, 2, 3]) })],
  ['no value', 'UNKNOWN_FORMAT', () => ({ value: null })],
  ['no bytes', 'UNKNOWN_FORMAT', () => ({ value: Buffer.alloc(0) })],
  ['broken JSON', 'INVALID_JSON', () => ({ value: Buffer.from('{"eventId":') })],
  ['JSON of other types', 'INVALID_FIELD', () => ({ value: Buffer.from('{"eventId":5,"type":{}}') })],
  ['an unknown schema', 'UNKNOWN_SCHEMA', ({ avro }) => ({ value: withId(avro, 99_999_999) })],
  ['the schema of something else', 'INCOMPATIBLE_SCHEMA', ({ avro, otherId }) => ({ value: withId(avro, otherId) })],
  ['Avro cut short', 'INVALID_AVRO', ({ avro }) => ({ value: avro.subarray(0, 12) })],
  ['a head cut short', 'INVALID_AVRO', () => ({ value: Buffer.from([0, 0, 0]) })],
  ['a partition that is not that of its key', 'MISPLACED_KEY', () => ({ partition: (PARTITION + 1) % PARTITIONS })],
  ['more bytes than are taken', 'RECORD_TOO_LARGE', ({ event }) => ({ value: padded(event, MAX_VALUE_BYTES + 1) })],
]

interface Good {
  readonly event: Interaction
  readonly avro: Buffer
  readonly otherId: number
}
interface Raw {
  readonly partition: number
  readonly value: Buffer | null
}

export const poison: Fault = {
  number: 8,
  name: 'poison',
  about:
    'records that cannot be read, in every way there is, in all tables and streams of others; and a handler that throws',
  async strike(shop, at) {
    const worker = anyOf(shop.workers, at)
    await Promise.all(shop.workers.map(one => one.kill()))
    for (const one of shop.workers) one.start({}, ['./preload/handler.ts']) // throws where it meets THROWS
    await worker.said('that a task runs', line => line.msg === 'task is running')
    for (const [what, code, spoil] of POISON) {
      at.progress(what)
      const good = await goodOne(shop)
      await sendRaw(shop, { partition: PARTITION, value: good.avro, ...spoil(good) }, code)
    }
    at.progress('a handler that throws')
    const { event } = await goodOne(shop, THROWS)
    await sendRaw(shop, { partition: PARTITION, value: padded(event, 0) }, 'HANDLER_FAILED')
    at.progress('tables')
    await poisonTables(shop)
    await shop.probe()
    await Promise.all(shop.workers.map(one => one.stop()))
  },
}

/** See `preload/handler.ts`. */
const THROWS = 'chaos-throw'

async function goodOne(shop: Shop, eventId = `poison-${process.hrtime.bigint()}`): Promise<Good> {
  const { wire } = shop.parts
  const event = withDefaults(interaction, {
    eventId,
    userId: VISITOR,
    itemId: 'i1',
    type: 'purchase',
    occurredAt: Date.now(),
  })
  const avro = wire.encode(topics.interactions, event)
  return { event, avro, otherId: wire.encode(topics.rejected, ANY_REJECTED).readUInt32BE(1) }
}

const ANY_REJECTED = {
  topic: '',
  partition: 0,
  offset: 0,
  appendedAtMs: 0,
  key: null,
  value: null,
  code: '',
  message: '',
  redriven: 0,
}

async function sendRaw(shop: Shop, { partition, value }: Raw, code: string): Promise<void> {
  const topic = topicName(topics.interactions, shop.namespace)
  const appended = await shop.parts.log.produce([{ topic, partition, key: Buffer.from(VISITOR), value }])
  shop.poison.set(`${topics.interactions.name}/${partition}:${appended.get(`${topic}/${partition}`)}`, code)
}

/** The item stage refuses by code, views leave out what they cannot read. */
async function poisonTables(shop: Shop): Promise<void> {
  for (const table of [topics.items, topics.users])
    for (const [bytes, code] of POISON_OF_TABLES) {
      const topic = topicName(table, shop.namespace)
      const value = Buffer.from(bytes)
      const appended = await shop.parts.log.produce([{ topic, partition: PARTITION, key: Buffer.from(VISITOR), value }])
      shop.poison.set(`${table.name}/${PARTITION}:${appended.get(`${topic}/${PARTITION}`)}`, code)
    }
}

const POISON_OF_TABLES = [
  ['\u0009', 'UNKNOWN_FORMAT'],
  ['{"title":7', 'INVALID_JSON'],
  ['\u0000\u0005\u0005\u0005\u0005\u0005', 'UNKNOWN_SCHEMA'],
] as const

function withId(avro: Buffer, id: number): Buffer {
  const copy = Buffer.from(avro)
  copy.writeUInt32BE(id, 1)
  return copy
}

function padded(event: Interaction, bytes: number): Buffer {
  const text = JSON.stringify(event)
  return Buffer.from(text.padEnd(bytes, ' '))
}

export const resent: Fault = {
  number: 9,
  name: 'resent',
  about: 'a producer sends what it has sent before, whole batches of it, at once and again',
  async strike(shop) {
    const events = Array.from({ length: RESENT }, () => shop.traffic.next(Date.now()))
    for (let time = 0; time < 3; time++) await shop.load.send(events)
    await Promise.all([shop.load.send(events), shop.load.send(events.toReversed())])
  },
}

export const oddTimes: Fault = {
  number: 10,
  name: 'odd-times',
  about: 'events out of order, a year late, from clocks that are wrong, and from the future',
  async strike(shop, at) {
    const events = Array.from({ length: ODD_EVENTS }, () => ({ ...shop.traffic.next(Date.now()), ...oddTime(at) }))
    for (let from = 0; from < events.length; from += 50) await shop.load.send(events.slice(from, from + 50))
  },
}

function oddTime(at: Strike): Pick<Interaction, 'occurredAt' | 'sentAt' | 'receivedAt'> {
  const nowMs = Date.now()
  const wrongMs = anyOf([-3 * DAY_MS, -3_600_000, 240_000, 299_000, 301_000, 2 * DAY_MS], at)
  const occurredAt = nowMs + wrongMs - below(2, at) * below(400 * DAY_MS, at)
  const isMended = below(2, at) === 0
  return { occurredAt, sentAt: isMended ? nowMs + wrongMs : null, receivedAt: isMended ? nowMs : null }
}

export const slowHandler: Fault = {
  number: 19,
  name: 'slow-handler',
  about: 'a batch takes longer than the session of its group: the worker must stay a member and not begin anew',
  async strike(shop, at) {
    const worker = anyOf(shop.workers, at)
    await worker.stop()
    worker.start({ CHAOS_SLOW_MS: String(SLOW_MS) }, ['./preload/handler.ts'])
    const opened = () => worker.lines().filter(line => line.msg === 'task is running').length
    let before = 0
    for (const stage of shop.parts.topology.stages)
      await worker.said(
        `that a ${stage.name} task runs`,
        line => line.msg === 'task is running' && line.stage === stage.name,
      )
    while (opened() > before) {
      before = opened()
      await wait(SLOW_FOR_MS / 3)
    }
    await wait(SLOW_FOR_MS)
    const again = opened() - before
    await worker.stop()
    if (again > 0) throw new Error(`${worker.name}: wanted no task to open anew while it is slow, ${again} did`)
  },
}
