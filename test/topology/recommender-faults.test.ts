/**
 * The real graph, all its stages in two processes that crash, are fenced and lose answers; a third then finishes the work.
 * What the log holds afterwards equals a run without faults: the digests, the last value of every table of the folds, and
 * the last list of every visitor knows the visitor's last event.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultFolds } from '../../processors/options.ts'
import { partitionOf } from '../../schemas/ids.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Item } from '../../schemas/item.ts'
import type { RankedList } from '../../schemas/ranked-list.ts'
import { topics } from '../../schemas/topics.ts'
import { digestOf } from '../../topology/digest.ts'
import type { AnyTopic } from '../../topology/graph.ts'
import { readState } from '../../topology/read-state.ts'
import { recommender } from '../../topology/recommender.ts'
import type { SimulatedClient } from '../../topology/simulated-client.ts'
import type { Scheduler, StepLabel, Verdict } from '../../topology/scheduler.ts'
import { interactionOf } from '../processors/arrivals.ts'
import { itemOf } from '../processors/item-events.ts'
import { Driver, type Process, START_MS } from './driver.ts'
import { randomOf } from './random.ts'

const SEEDS = 40
const EVENTS = 80
const VISITORS = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal']
const ITEMS = 12
const TYPES = ['view', 'view', 'view', 'click', 'like', 'purchase', 'add_to_cart']
const MINUTE_MS = 60_000
/** Longer than a session, the wait of a fenced task and the slowest coalesced table together. */
const HEALING_MS = 35_000

const FAULTS: Partial<Record<StepLabel, readonly Verdict[]>> = {
  'commit:begin': ['crash', 'fence'],
  'commit:append': ['crash'],
  'commit:end': ['crash', 'lose-request', 'lose-answer'],
  'consume:fetch': ['crash', 'duplicate'],
  'transactor:open': ['crash'],
  'produce:append': ['crash', 'duplicate'],
  'group:join': ['crash'],
  'group:commit': ['crash'],
}

/** Faults and delays for every client but the test's own, until it is turned off. */
class Trouble implements Scheduler {
  readonly #random: () => number
  readonly #share: number
  #isOn = true

  constructor(random: () => number, share: number) {
    this.#random = random
    this.#share = share
  }

  step(client: string, label: StepLabel): Verdict | Promise<Verdict> {
    if (client === 'main' || !this.#isOn) return 'run'
    if (this.#random() < 0.02) return later(Math.floor(this.#random() * 40))
    const faults = FAULTS[label]
    if (!faults || this.#random() > this.#share) return 'run'
    return faults[Math.floor(this.#random() * faults.length)] ?? 'run'
  }

  end(): void {
    this.#isOn = false
  }
}

/** Turns of the event loop that a call hangs. */
async function later(turns: number): Promise<Verdict> {
  for (let i = 0; i < turns; i++) await new Promise(resolve => setImmediate(resolve))
  return 'run'
}

interface Sent {
  readonly topic: AnyTopic
  readonly key: string
  readonly value: Interaction | Item | null
}

/** Views, orders and changes of the catalogue, an item that is taken down among them. */
function history(random: () => number): Sent[] {
  const sent: Sent[] = []
  const item = (i: number, available = true) =>
    sent.push({ topic: topics.items, key: `i${i}`, value: itemOf({ categories: [`c${i % 3}`], available }) })
  for (let i = 0; i < ITEMS; i++) item(i)
  for (let i = 0; i < EVENTS; i++) {
    const userId = VISITORS[Math.floor(random() * VISITORS.length)] as string
    const type = TYPES[Math.floor(random() * TYPES.length)] as string
    const itemId = `i${Math.floor(random() * ITEMS)}`
    const occurredAt = START_MS - (2 * EVENTS - i) * MINUTE_MS
    const orderId = type === 'purchase' ? `order-${userId}-${Math.floor(i / 10)}` : null
    const value = interactionOf({ userId, eventId: `e${i}`, itemId, type, orderId, occurredAt, country: 'AT' })
    sent.push({ topic: topics.interactions, key: userId, value })
    if (random() < 0.05) item(Math.floor(random() * ITEMS), random() < 0.5)
  }
  VISITORS.forEach((userId, i) => {
    const occurredAt = START_MS - (EVENTS - i) * MINUTE_MS
    const value = interactionOf({ userId, eventId: `last-${i}`, itemId: 'i0', type: 'like', occurredAt, country: 'AT' })
    sent.push({ topic: topics.interactions, key: userId, value })
  })
  return sent
}

/** What may differ between two runs: where the newest known interaction lies and when it came, not what was counted. */
const UNCOMPARED = new Set(['offset', 'appendedAtMs', 'row'])
const comparable = (value: unknown): string =>
  JSON.stringify(value, (key, part: unknown) => {
    if (UNCOMPARED.has(key)) return undefined
    if (key === 'slots') return (part as unknown[]).map(one => comparable(one)).sort() // in order of arrival
    return key === 'counts' ? Object.entries(part as object).sort() : part
  })

async function outcome(driver: Driver, graph: ReturnType<typeof recommender>) {
  const digests: unknown[] = []
  for (const stage of graph.stages)
    digests.push(digestOf(stage, (await readState(driver.log, stage, topic => topic.name)).states))
  const rows = new Map<string, string>()
  for (const topic of [topics.profiles, topics.neighbours, topics.popularity, topics.itemFeatures])
    for (const [key, value] of await driver.table(topic)) rows.set(`${topic.name} ${key}`, comparable(value))
  return { digests, rows }
}

/** Whatever can happen to processes while events come in. */
async function mischief(
  driver: Driver,
  random: () => number,
  processes: Map<SimulatedClient, Process>,
  expelled: Set<SimulatedClient>,
) {
  const dice = random()
  const alive = [...processes].filter(([client]) => !client.isCrashed)
  const [client, one] = alive[Math.floor(random() * alive.length)] ?? []
  if (alive.length < 3 && dice < 0.3) {
    const next = driver.log.client(`p${processes.size}`)
    processes.set(next, await driver.start(next))
  } else if (client && dice < 0.35) {
    client.expel()
    expelled.add(client)
  } else if (client && one && dice < 0.4) {
    processes.delete(client)
    await one.stop()
  } else if (dice < 0.5) {
    for (const name of ['user-changelog.v1', 'item-changelog.v1', 'profiles.v1', 'lists.v1']) driver.log.compact(name)
  }
}

async function runThrough(sent: readonly Sent[], partitions: number, seed?: number) {
  const random = randomOf(seed ?? 1)
  // What a process that woke up too late has written over a newer list stands until the sweep comes round.
  const graph = recommender(defaultFolds, { maxAgeMs: 5_000 })
  const trouble = new Trouble(random, 0.004)
  const driver = await Driver.open(graph, {
    partitions,
    maxBatchRecords: seed === undefined ? 500 : 1 + Math.floor(random() * 20),
    ...(seed !== undefined && { scheduler: trouble }),
  })
  const processes = new Map<SimulatedClient, Process>()
  const expelled = new Set<SimulatedClient>()
  for (const { topic, key, value } of sent.slice(0, -VISITORS.length)) {
    await driver.publish(topic, [{ key, value }])
    if (seed === undefined) continue
    if (random() < 0.3) await mischief(driver, random, processes, expelled).catch(() => undefined) // it may die while it starts
    if (random() < 0.5) await driver.turn(1 + Math.floor(random() * 300))
  }
  trouble.end()
  for (const client of expelled) client.crash() // one with nothing to read would never learn of it here
  const healthy = await driver.start(driver.log.client('healthy'))
  await driver.settle(seed === undefined ? 1_000 : HEALING_MS)
  for (const { topic, key, value } of sent.slice(-VISITORS.length)) await driver.publish(topic, [{ key, value }])
  await driver.settle(seed === undefined ? 33_000 : HEALING_MS)
  assert.deepEqual(healthy.fatal, [])
  return { driver, graph }
}

describe('the recommender under faults', () => {
  it(`comes to the same counts, tables and lists whatever ${SEEDS} seeds do to it`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const sent = history(randomOf(1_000 + seed))
      const partitions = 1 + (seed % 3)
      const faulted = await runThrough(sent, partitions, seed)
      const reference = await runThrough(sent, partitions)
      const got = await outcome(faulted.driver, faulted.graph)
      const wanted = await outcome(reference.driver, reference.graph)
      assert.deepEqual(got.digests, wanted.digests, `seed ${seed}: digests`)
      assert.deepEqual([...got.rows.keys()].sort(), [...wanted.rows.keys()].sort(), `seed ${seed}: keys of the tables`)
      for (const [key, row] of wanted.rows) assert.equal(got.rows.get(key), row, `seed ${seed}: last value of ${key}`)

      const last = new Map<string, { partition: number; offset: number }>()
      for (const { key, partition, offset } of await faulted.driver.read(topics.interactions))
        last.set(key, { partition, offset })
      const rejected = await faulted.driver.read(topics.rejected)
      const lists = await faulted.driver.table<RankedList>(topics.lists)
      for (const [visitor, { partition, offset }] of last) {
        assert.equal(partition, partitionOf(visitor, partitions))
        const list = lists.get(`u:${visitor}`)
        assert(list, `seed ${seed}: ${visitor} has no list`)
        const isRefused = rejected.some(({ value }) => (value as { offset: number } | null)?.offset === offset)
        if (!isRefused)
          assert(list.offset >= offset, `seed ${seed}: the list of ${visitor} knows ${list.offset} < ${offset}`)
      }
      await faulted.driver.close()
      await reference.driver.close()
    }
  })
})
