/** Record batches that are compressed, on a real broker: what other clients read of them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { KafkaLog } from '../../../connectors/kafka/log.ts'
import { ensurePrograms } from '../../../connectors/services/programs.ts'
import { sayOnStderr } from '../../../connectors/services/start.ts'
import { brokers, newTopic, open, Reader } from './opened.ts'

const timeout = 60_000
let log: KafkaLog
before(async () => {
  await ensurePrograms(['kcat'], sayOnStderr)
  log = await open()
})
after(() => log.close())

const COUNT = 2_000
const textOf = (index: number): string => `value ${index} of a record that looks like the one before`
const records = (topic: string) =>
  Array.from({ length: COUNT }, (_, index) => ({
    topic,
    partition: 0,
    key: Buffer.from(String(index)),
    value: Buffer.from(textOf(index)),
  }))
const wanted = Array.from({ length: COUNT }, (_, index) => `${index}=${textOf(index)}`)

/** What librdkafka, as other languages use it, reads of a topic. */
async function kcat(topic: string): Promise<string[]> {
  const args = ['-C', '-q', '-e', '-b', brokers().join(), '-t', topic, '-f', '%k=%s\n']
  const { stdout } = await promisify(execFile)('kcat', args, { maxBuffer: 10_000_000 })
  return stdout.trim().split('\n')
}

for (const isTransactional of [false, true]) {
  const how = isTransactional ? 'in a transaction' : 'plainly'
  test(`what was written ${how} is read whole by us and by librdkafka`, { timeout }, async () => {
    const topic = await newTopic(log)
    if (isTransactional) await (await log.transactor(randomUUID())).commit(records(topic))
    else await log.produce(records(topic))
    const reader = await Reader.start(log, topic)
    await reader.count(COUNT)
    const seen = reader.records.map(({ key, value }) => `${key}=${value}`)
    assert.deepEqual(seen, wanted)
    assert.deepEqual(await kcat(topic), wanted)
  })
}
