/** The same stream through the embedded and the Kafka runner, with 1, 4 and 12 partitions, and through kill −9. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EmbeddedLog } from '../../connectors/embedded/log.ts'
import { MemoryRegistry } from '../../connectors/embedded/memory-registry.ts'
import { KafkaLog } from '../../connectors/kafka/log.ts'
import { ConfluentRegistry } from '../../connectors/kafka/registry.ts'
import type { StoreDigest } from '../../topology/digest.ts'
import { Shop } from './shop.ts'
import { streamOf } from './stream.ts'

const { FRESHET_TEST_BROKERS = '', FRESHET_TEST_REGISTRY = '' } = process.env
assert(
  FRESHET_TEST_BROKERS && FRESHET_TEST_REGISTRY,
  'run the tests by `npm test`, which starts a broker and a registry',
)

const EVENTS = 2_500
const stream = await streamOf(EVENTS)
let expected: Record<string, StoreDigest>

async function openKafka(test: TestContext): Promise<KafkaLog> {
  const log = await KafkaLog.open({ brokers: FRESHET_TEST_BROKERS.split(','), clientId: 'e2e' })
  test.after(() => log.close())
  return log
}
const newNamespace = () => `e2e-${randomUUID().slice(0, 8)}`

before(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-e2e-'))
  const log = await EmbeddedLog.open({ directory })
  const shop = await Shop.open(log, new MemoryRegistry(), 'freshet', 1)
  const running = await shop.run()
  await shop.publish(stream)
  await shop.settled()
  await running.stop()
  expected = await shop.digests()
  await log.close()
  rmSync(directory, { recursive: true })
})

describe('digests of D and C state', () => {
  it('cover every store of the embedded run', () => {
    const keys = Object.fromEntries(Object.values(expected).map(one => [one.store, one.keys > 0]))
    assert.deepEqual(keys, {
      admission: true,
      session: true,
      profile: true,
      pairs: true,
      'viewed-with': true,
      next: true,
      'bought-with': true,
      popularity: true,
      'item-features': true,
    })
  })

  for (const partitions of [1, 4, 12])
    it(`are equal on Kafka with ${partitions} partitions`, async test => {
      const log = await openKafka(test)
      const shop = await Shop.open(log, new MemoryRegistry(), newNamespace(), partitions)
      const running = await shop.run()
      await shop.publish(stream)
      await shop.settled()
      await running.stop()
      assert.deepEqual(await shop.digests(), expected)
    })
})

describe('kill −9 of a worker', () => {
  const children = new Set<ChildProcess>()
  after(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  const worker = (namespace: string) => {
    const cli = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
    const child = spawn(process.execPath, [cli, 'run', 'user', 'item'], {
      env: {
        ...process.env,
        FRESHET_TEST_BROKERS: undefined,
        FRESHET_TEST_REGISTRY: undefined,
        FRESHET_TEST_REDIS: undefined,
        FRESHET_KAFKA_BROKERS: FRESHET_TEST_BROKERS,
        FRESHET_REGISTRY_URL: FRESHET_TEST_REGISTRY,
        FRESHET_NAMESPACE: namespace,
        FRESHET_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    children.add(child)
    return child
  }

  it('loses nothing and counts nothing twice, wherever it strikes', async test => {
    const namespace = newNamespace()
    const log = await openKafka(test)
    const shop = await Shop.open(log, new ConfluentRegistry(FRESHET_TEST_REGISTRY), namespace, 4)
    let child = worker(namespace)
    const quarter = Math.ceil(stream.length / 4)
    for (let from = 0; from < stream.length; from += quarter) {
      await shop.publish(stream.slice(from, from + quarter), 50)
      await shop.hasProgress(from)
      child.kill('SIGKILL')
      child = worker(namespace)
    }
    await shop.settled()
    assert.deepEqual(await shop.digests(), expected)
    child.kill('SIGTERM')
  })
})
