/** What becomes of topics under a running shop: compacted, cut off, made larger; and a process of another version. */
import { setTimeout as wait } from 'node:timers/promises'
import { topicName, topics } from '../../../schemas/topics.ts'
import { changelogName } from '../../../topology/graph.ts'
import { asAdmin, setTopic } from '../admin.ts'
import type { Fault } from '../fault.ts'
import { readForeign } from '../foreign-reader.ts'
import type { FreshetProcess } from '../freshet-process.ts'
import { until } from '../until.ts'

const WHILE_MS = 2_000
const RESTORES = 3
const REFUSED_WITHIN_MS = 120_000
/** The cleaner takes what it can get, as soon as it can. */
const EAGER = {
  'cleanup.policy': 'compact',
  'message.timestamp.type': 'CreateTime',
  'segment.ms': '500',
  'segment.bytes': '1100000', // a record batch is 1 MB at most
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '100',
}

export const compaction: Fault = {
  number: 14,
  name: 'compaction',
  about: 'the cleaner works on the changelogs, tombstones go at once, and tasks are restored meanwhile',
  async strike(shop, { progress }) {
    const { brokers } = shop.world.services
    const changelogs = shop.parts.topology.stages.map(stage =>
      topicName({ name: changelogName(stage) }, shop.namespace),
    )
    for (const topic of changelogs) await setTopic(brokers, topic, EAGER)
    progress('waiting for the cleaner')
    await until('the cleaner', async () =>
      (await Promise.all(changelogs.map(topic => hasHoles(brokers, topic)))).every(Boolean),
    )
    for (let restore = 0; restore < RESTORES; restore++) {
      progress(`restore ${restore + 1} of ${RESTORES}`)
      const worker = shop.worker(restore % shop.workers.length)
      await worker.kill()
      worker.start()
      await worker.said('that a task runs', line => line.msg === 'task is running')
    }
  },
}

/** A changelog keeps about one record in two of a commit's keys; where half of the offsets are gone, it was compacted. */
async function hasHoles(brokers: string, topic: string): Promise<boolean> {
  const records = (await readForeign(brokers, topic)).filter(record => record.partition === 0)
  const span = (records.at(-1)?.offset ?? 0) - (records[0]?.offset ?? 0)
  return records.length < span / 2
}

export const retention: Fault = {
  number: 15,
  name: 'retention',
  about:
    'interactions are deleted before they were read: DATA_LOST by name, and no task that goes on as if nothing were',
  endsShop: true,
  isRefused: true,
  async strike(shop, { progress }) {
    await Promise.all(shop.workers.map(worker => worker.stop()))
    await wait(WHILE_MS)
    await shop.load.pause()
    progress('deleting what nobody has read')
    const topic = topicName(topics.interactions, shop.namespace)
    const [range] = await shop.parts.log.offsets(topic)
    await shop.parts.log.purge({ topic, partition: 0 }, range?.end ?? 0)
    const worker = shop.worker(0)
    worker.start()
    await refuses(worker, 'DATA_LOST')
  },
}

export const partitionAdded: Fault = {
  number: 18,
  name: 'partition-added',
  about: 'somebody adds a partition to interactions.v1: a start is refused by name, and who runs stops by name',
  endsShop: true,
  isRefused: true,
  async strike(shop) {
    const topic = topicName(topics.interactions, shop.namespace)
    await asAdmin(shop.world.services.brokers, admin =>
      admin.createPartitions({ topicPartitions: [{ topic, count: shop.parts.config.partitions + 1 }] }),
    )
    const [started, ...running] = shop.workers as [FreshetProcess, ...FreshetProcess[]]
    await started.kill()
    started.start()
    for (const worker of [started, ...running]) await refuses(worker, 'TOPIC_MISMATCH')
  },
}

export const otherVersion: Fault = {
  number: 20,
  name: 'other-version',
  about: 'a worker that folds otherwise joins: STATE_MISMATCH by name, and the others go on with the state as it was',
  async strike(shop) {
    const other = shop.worker(0)
    await other.stop()
    other.start({ FRESHET_SESSION_GAP_MS: '60000' })
    await refuses(other, 'STATE_MISMATCH')
  },
}

/** The process ends by itself, not with 0, and says why. */
async function refuses(process: FreshetProcess, code: string): Promise<void> {
  process.expectEnd()
  await until(`${process.name} to end by itself`, () => !process.isRunning, REFUSED_WITHIN_MS)
  const ended = await process.ended
  const isSaid = process.lines().some(line => JSON.stringify(line).includes(code))
  if (ended === 1 && isSaid) return
  throw new Error(
    `${process.name}: wanted it to end with 1 and say ${code}, it ended with ${ended}:\n${process.tail()}`,
  )
}
