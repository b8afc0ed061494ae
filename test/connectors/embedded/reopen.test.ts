import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'

it('every topic stands where it stood after the log was opened again, whatever the topic behind it holds', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-reopen-'))
  const settings = { partitions: 1, cleanup: 'delete', retentionMs: -1, appendTime: true } as const
  const counts = { five: 5, one: 1, none: 0, two: 2 }
  try {
    const first = await EmbeddedLog.open({ directory })
    await first.ensureTopics(Object.keys(counts).map(name => ({ name, ...settings })))
    for (const [topic, count] of Object.entries(counts))
      for (let n = 0; n < count; n++) await first.produce([{ topic, partition: 0, key: null, value: Buffer.from([n]) }])
    await first.close()
    const second = await EmbeddedLog.open({ directory })
    for (const [topic, count] of Object.entries(counts))
      assert.deepEqual(await second.offsets(topic), [{ begin: 0, end: count }], topic)
    await second.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
