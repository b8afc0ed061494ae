/** `freshet rebuild` on a real broker and Redis, under load: nobody gets a blank answer, and what it counts is right. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { KafkaLog } from '../../connectors/kafka/log.ts'
import { ConfluentRegistry } from '../../connectors/kafka/registry.ts'
import { publisher } from '../../connectors/publisher.ts'
import { withDatabase } from '../../connectors/redis/databases.ts'
import { startServices } from '../../connectors/services/start.ts'
import { scopeOf, topicName, topics } from '../../schemas/topics.ts'
import { Shop } from '../e2e/shop.ts'
import { streamOf } from '../e2e/stream.ts'

const { FRESHET_TEST_BROKERS = '', FRESHET_TEST_REGISTRY = '' } = process.env
const launcher = fileURLToPath(new URL('../../cli/freshet.mjs', import.meta.url))
const namespace = `rebuild-${randomUUID().slice(0, 8)}`
const PARTITIONS = 2
const EVENTS = 1_200
const BEFORE = 600
const LOAD_BATCH = 2
const USERS = 20
const PATIENCE_MS = 240_000

// Of its own: whole databases are exchanged.
const services = await startServices({ redis: true })
const redis = new Redis(services.redisUrl)
const log = await KafkaLog.open({ brokers: FRESHET_TEST_BROKERS.split(','), clientId: 'rebuild-test' })
const children: ChildProcess[] = []
let isOver = false
after(async () => {
  isOver = true
  for (const child of children) child.kill('SIGKILL')
  redis.disconnect()
  await log.close()
  await services.stop()
})

const env = {
  PATH: process.env.PATH,
  FRESHET_KAFKA_BROKERS: FRESHET_TEST_BROKERS,
  FRESHET_REGISTRY_URL: FRESHET_TEST_REGISTRY,
  FRESHET_REDIS_URL: services.redisUrl,
  FRESHET_NAMESPACE: namespace,
  FRESHET_PARTITIONS: String(PARTITIONS),
  FRESHET_LOG_LEVEL: 'warn',
}

function freshet(...words: string[]) {
  const child = spawn(process.execPath, [launcher, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk
    })
  const ended = once(child, 'exit')
  return {
    ended,
    said: () => said,
    until: (pattern: RegExp) =>
      until(
        async () => {
          assert(child.exitCode === null || pattern.test(said), `${words.join(' ')} ended: ${said}`)
          return pattern.exec(said) ?? undefined
        },
        `${words.join(' ')} to say ${pattern}: ${said}`,
      ),
    async stop(signal: NodeJS.Signals) {
      child.kill(signal)
      return (await ended)[0] as number
    },
  }
}

async function until<T>(look: () => Promise<T | undefined>, what: string | (() => string)): Promise<T> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ; ) {
    const found = await look()
    if (found !== undefined) return found
    assert(performance.now() < giveUpAt, `waited in vain for ${typeof what === 'string' ? what : what()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

interface PublicList {
  readonly v: readonly [number, number]
  readonly items: readonly { readonly itemId: string }[]
}
const listOf = async (userId: string) =>
  JSON.parse((await redis.get(`${namespace}:rec:{${userId}}`)) ?? 'null') as PublicList | null

it('switches at once while events come in, with equal counts, and drops what is old', {
  timeout: 600_000,
}, async () => {
  const stream = await streamOf(EVENTS)
  const first = await Shop.open(log, new ConfluentRegistry(FRESHET_TEST_REGISTRY), namespace, PARTITIONS)
  const old = freshet('run', 'all')
  const serve = freshet('serve', '--port', '0')
  await first.publish(stream.slice(0, BEFORE))
  // The first lists of a new shop are empty: nothing was known yet.
  const active = [...new Set(stream.slice(0, BEFORE).flatMap(one => one.userId ?? []))]
  const users = await until(async () => {
    const lists = await Promise.all(active.map(listOf))
    const full = active.filter((_, index) => (lists[index]?.items.length ?? 0) > 0)
    return full.length >= USERS ? full.slice(-USERS) : undefined
  }, 'lists with items in them')
  const [, url] = await serve.until(/read API at (\S+)/)

  // From here on nobody may see nothing, and events come in.
  let [asked, published] = [0, BEFORE]
  const asking = (async () => {
    while (!isOver) {
      const user = users[asked++ % users.length] ?? ''
      const response = await fetch(`${url}/v1/users/${user}/recommendations?limit=5`)
      assert.equal(response.status, 200)
      const { items } = (await response.json()) as { items: unknown[] }
      assert(items.length > 0, `a blank answer to ${user}`)
      assert(((await listOf(user))?.items.length ?? 0) > 0, `a blank key of ${user}`)
    }
  })()
  const publish = publisher({ log, wire: first.wire, namespace, timeoutMs: PATIENCE_MS })
  const loading = (async () => {
    for (; published < stream.length && !isOver; published += LOAD_BATCH)
      await publish(stream.slice(published, published + LOAD_BATCH))
  })()
  const generationsOf = async () => new Set(await Promise.all(users.map(async user => (await listOf(user))?.v[0])))
  const before = await generationsOf()
  assert.equal(before.size, 1)

  const beside = freshet('rebuild', '--compare', '--json')
  await beside.until(/"kind":"caught-up","generation":2/)
  const comparisonOf = async (keys: string) => {
    const [line = ''] = await beside.until(new RegExp(`^\\{"kind":"comparison","keys":"${keys}".*$`, 'm'))
    return JSON.parse(line) as { compared: number; meanOverlap: number; onlyBefore: number }
  }
  const [lists, similar] = [await comparisonOf('rec'), await comparisonOf('similar')]
  assert.deepEqual([...before], [...(await generationsOf())], 'the live one is untouched')
  await beside.ended
  // What was begun is gone on with.
  const rebuild = freshet('rebuild', '--switch', '--json')
  await rebuild.until(/"kind":"switched","generation":2/)
  const switched = await generationsOf()
  assert.equal(switched.size, 1)
  assert(
    [...switched].every(one => !before.has(one)),
    'all of them at once',
  )
  // A list of the live one may be as old as its visitor's last event; neighbours follow the counts, which are equal.
  assert(lists.compared >= users.length && lists.onlyBefore === 0, JSON.stringify(lists))
  assert(similar.compared > 0 && similar.meanOverlap > 0.8, JSON.stringify({ ...similar, examples: [] }))

  // The processes begin again, and take over.
  assert.equal(await old.stop('SIGTERM'), 0)
  freshet('run', 'all')
  await loading
  const second = await Shop.open(log, new ConfluentRegistry(FRESHET_TEST_REGISTRY), scopeOf(namespace, 2), PARTITIONS)
  await second.settled()
  assert.equal(await rebuild.stop('SIGINT'), 0, rebuild.said())
  const last = stream.at(-1)?.userId ?? ''
  await until(async () => (await listOf(last)) ?? undefined, `a list of ${last}`)
  isOver = true
  await asking
  assert(asked > users.length)

  // One that runs to the end over all of it, apart: the counts are those of the log.
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, 'audit', '--json'], { env })
  const whole = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { interactions: number; differences: number }
  assert.deepEqual([whole.interactions, whole.differences], [EVENTS, 0])
  const running = await first.run()
  await first.settled()
  await running.stop()
  assert.deepEqual(await second.digests(), await first.digests())

  const dropped = freshet('rebuild', '--drop-old')
  await dropped.until(/generation 2 is live; \d+ topics and \d+ keys of older ones deleted/)
  // A client of kafkajs that has asked for a topic asks for it for ever.
  const fresh = await KafkaLog.open({ brokers: FRESHET_TEST_BROKERS.split(','), clientId: 'rebuild-test' })
  const isGone = (error: { code?: string }) => (error.code === 'TOPIC_MISMATCH' ? true : undefined)
  const gone = () => fresh.offsets(topicName(topics.lists, namespace)).then(() => undefined, isGone)
  await until(gone, 'the old topic to be gone')
  for (const topic of [topics.lists, topics.interactions])
    assert((await fresh.offsets(topicName(topic, scopeOf(namespace, 2)))).some(({ end }) => end > 0))
  await fresh.close()
  const spare = new Redis(withDatabase(services.redisUrl, 1))
  assert.equal(await spare.dbsize(), 0)
  spare.disconnect()
  assert((await listOf(last)) !== null)
})
