/** Workers replaced one by one under load, on Kafka: by the same release, and by one with another schema of state. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it, type TestContext } from 'node:test'
import { EmbeddedLog } from '../../connectors/embedded/log.ts'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { KafkaLog } from '../../connectors/kafka/log.ts'
import { readEntry, slotsOf } from '../../topology/changelog.ts'
import type { StoreDigest } from '../../topology/digest.ts'
import type { Stage, Topology } from '../../topology/graph.ts'
import { readToEnd } from '../../topology/read-to-end.ts'
import { latestGraph, newerGraph } from './newer-release.ts'
import { graph, Shop } from './shop.ts'
import { streamOf } from './stream.ts'
import { type Worker, Workers } from './workers.ts'

const { FRESHET_TEST_BROKERS = '' } = process.env
assert(FRESHET_TEST_BROKERS, 'run the tests by `npm test`, which starts a broker')
const brokers = FRESHET_TEST_BROKERS.split(',')

const WORKERS = 3
const PARTITIONS = 6
const EVENTS = 2_500
const BATCH = 5
const GAP_MS = 50
const stream = await streamOf(EVENTS)
type Digests = Record<string, StoreDigest>

/** Of one process that has seen all of the stream without any trouble. */
async function digestsAlone(topology: Topology): Promise<Digests> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-rolling-'))
  const log = await EmbeddedLog.open({ directory })
  const shop = await Shop.open(log, new MemoryRegistry(), 'freshet', 1)
  const running = await shop.run(['user', 'item'], { topology })
  await shop.publish(stream)
  await shop.settled(topology)
  await running.stop()
  const digests = await shop.digests(topology)
  await log.close()
  rmSync(directory, { recursive: true })
  return digests
}

async function opened(test: TestContext): Promise<{ shop: Shop; workers: Workers }> {
  const log = await KafkaLog.open({ brokers, clientId: 'rolling-test' })
  const shop = await Shop.open(log, new MemoryRegistry(), `rolling-${randomUUID().slice(0, 8)}`, PARTITIONS)
  const workers = new Workers(shop, brokers)
  test.after(async () => {
    await workers.stopAll()
    await log.close()
  })
  for (let number = 0; number < WORKERS; number++) await workers.start()
  await workers.balanced()
  return { shop, workers }
}

/** Sends the stream slowly, and what is left of it at once when it is told to. */
function load(shop: Shop): { finish(): Promise<void> } {
  let isHurried = false
  const sent = (async () => {
    for (let from = 0; from < stream.length; ) {
      const count = isHurried ? stream.length : BATCH
      await shop.publish(stream.slice(from, from + count))
      from += count
      if (!isHurried) await new Promise(resolve => setTimeout(resolve, GAP_MS))
    }
  })()
  return {
    async finish() {
      isHurried = true
      await sent
    },
  }
}

/** Stops a worker, waits until its tasks run elsewhere, and starts one in its place. */
async function replace(workers: Workers, worker: Worker, topology: Topology): Promise<void> {
  await workers.stop(worker)
  await workers.balanced()
  await workers.start(topology)
  await workers.balanced()
}

describe('a rolling restart under load', () => {
  let expected: Digests
  before(async () => {
    expected = await digestsAlone(graph)
  })

  /**
   * Memory goes with its process. A stop moves the tasks of that worker, 12/3, and a start has to bring as many to the new one,
   * else shares are not equal: 3 × (4 + 4) = 24 restorations of 12 tasks are the least there can be, two a task. None needs a third,
   * where each comes back to the place it had to leave.
   */
  it('restores every task twice, which is the least, loses nothing and counts nothing twice', async test => {
    const { shop, workers } = await opened(test)
    const sending = load(shop)
    const before = workers.opened.length
    for (const worker of workers.all) await replace(workers, worker, graph)
    const restored = Object.groupBy(workers.opened.slice(before), task => task)
    await sending.finish()
    await shop.settled()
    assert.deepEqual(
      Object.fromEntries(Object.entries(restored).map(([task, times]) => [task, times?.length])),
      Object.fromEntries(['user', 'item'].flatMap(stage => Array.from({ length: 6 }, (_, n) => [`${stage}/${n}`, 2]))),
    )
    assert.deepEqual(await shop.digests(), expected)
    assert.deepEqual(
      workers.all.flatMap(worker => worker.fatal),
      [],
    )
  })
})

describe('a rolling upgrade to another schema of state', () => {
  let expected: Digests
  before(async () => {
    expected = await digestsAlone(newerGraph)
  })
  const user = newerGraph.stages[0] as Stage
  const slot = slotsOf(user).findIndex(one => one.part === 'session')

  it('reads the pinned bytes of the version before', () => {
    const text = readFileSync(new URL('../golden/state-pages.json', import.meta.url), 'utf8')
    const golden = JSON.parse(text) as Record<string, Record<string, { bytes: string; value: { events: number } }>>
    const { bytes = '', value } = golden['session/session']?.[1] ?? {}
    assert(value)
    const page = slotsOf(user)[slot]?.format.decode(Buffer.from(bytes, 'hex'), 1)
    const { events, ...others } = value
    assert.deepEqual({ ...(page as object) }, { depth: events, ...others })
  })

  /** What sessions were written so far, in a version of their schema. */
  async function written(shop: Shop, version: number): Promise<{ times: number; partitions: Set<number> }> {
    const partitions: number[] = []
    await readToEnd(shop.log, [shop.nameOf({ name: 'user-changelog.v1' })], ({ key, value, headers }, partition) => {
      const entry = readEntry(key, value, headers)
      if (entry.kind === 'data' && entry.slot === slot && entry.value && entry.version === version)
        partitions.push(partition)
    })
    return { times: partitions.length, partitions: new Set(partitions) }
  }
  /** @returns whether whichever partition a worker is given has sessions of the version */
  const isEverywhere = async (shop: Shop, version: number) =>
    (await written(shop, version)).partitions.size === PARTITIONS

  it('loses nothing and counts nothing twice while both write side by side, and each refuses what it cannot read', async test => {
    const { shop, workers } = await opened(test)
    const sending = load(shop)
    const old = [...workers.all]
    const refused = async (topology: Topology, says: RegExp) => {
      const worker = await workers.start(topology)
      await workers.until(() => worker.fatal.length > 0)
      assert.equal((worker.fatal[0] as { code?: string }).code, 'STATE_MISMATCH')
      assert.match(worker.fatal[0]?.message ?? '', says)
      await workers.stop(worker)
      await workers.balanced()
    }
    await workers.until(() => isEverywhere(shop, 1))
    await refused(latestGraph, /version 1, this program reads version 2; run a program in between/)

    await replace(workers, old[0] as Worker, newerGraph)
    for (const version of [1, 2]) {
      const { times } = await written(shop, version)
      await workers.until(async () => (await written(shop, version)).times > times)
    }
    for (const worker of old.slice(1)) await replace(workers, worker, newerGraph)
    await workers.until(() => isEverywhere(shop, 2))
    await refused(graph, /version 2, this program reads version 1; a newer program wrote it/)

    await sending.finish()
    await shop.settled(newerGraph)
    assert.deepEqual(await shop.digests(newerGraph), expected)
    assert.deepEqual(
      workers.all.flatMap(worker => worker.fatal),
      [],
    )
  })
})
