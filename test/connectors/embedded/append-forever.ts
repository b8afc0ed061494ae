/**
 * Run as a process of its own by `kill.test.ts`: appends transactions over a stream and a table, and prints the number of
 * each one that was acknowledged. Arguments: directory, records a transaction, `hold` to open the log and only wait.
 */
import { writeSync } from 'node:fs'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'

const [directory = '', size = '1', mode] = process.argv.slice(2)
const log = await EmbeddedLog.open({ directory })
await log.ensureTopics([
  { name: 'stream', partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: true },
  { name: 'table', partitions: 1, cleanup: 'compact', retentionMs: -1, appendTime: true },
])
const { end } = (await log.offsets('stream'))[0] ?? { end: 0 }
writeSync(1, 'open\n')
if (mode === 'hold') setInterval(() => {}, 1 << 30)
else {
  // Three writers side by side, so that commits are shared.
  let transaction = end / Number(size)
  await Promise.all(
    ['a', 'b', 'c'].map(async id => {
      const transactor = await log.transactor(id)
      for (;;) {
        const number = transaction++
        const value = Buffer.from(String(number))
        const stream = Array.from({ length: Number(size) }, () => ({ topic: 'stream', partition: 0, key: null, value }))
        await transactor.commit([...stream, { topic: 'table', partition: 0, key: Buffer.from(id), value }])
        writeSync(1, `${number}\n`)
      }
    }),
  )
}
