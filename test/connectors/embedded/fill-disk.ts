/**
 * Run as a process of its own by `disk-full.test.ts`: appends transactions of three records until the disk is full and goes
 * on trying. Prints the number of each transaction that was acknowledged, and `full CODE` for one that was not. Argument: directory.
 */
import { writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { FreshetError } from '../../../schemas/errors.ts'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'

const [directory = ''] = process.argv.slice(2)
const AGAIN_MS = 20
const PADDING = 'x'.repeat(20_000)

const log = await EmbeddedLog.open({ directory })
await log.ensureTopics([
  { name: 'stream', partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: true },
  { name: 'table', partitions: 1, cleanup: 'compact', retentionMs: -1, appendTime: true },
])
for (let number = 0; ; ) {
  const value = Buffer.from(`${number} ${PADDING}`)
  const stream = { topic: 'stream', partition: 0, key: null, value }
  try {
    await log.produce([stream, stream, { topic: 'table', partition: 0, key: Buffer.from('k'), value }])
    writeSync(1, `${number++}\n`)
  } catch (error) {
    writeSync(1, `full ${error instanceof FreshetError ? `${error.code} ${error.message}` : error}\n`)
    await wait(AGAIN_MS)
  }
}
