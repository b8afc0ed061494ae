import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '../../../connectors/embedded/log.ts'
import { logPortSuite } from '../../conformance/log-port.ts'

const ONE_PARTITION = 'the embedded log has one partition a topic'
const NOTHING_OPEN = 'a transaction is one call to LMDB, so it cannot be left open'

logPortSuite('the embedded log', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'freshet-log-'))
  const log = await EmbeddedLog.open({ directory })
  return {
    log,
    async cleanup() {
      await log.close()
      await rm(directory, { recursive: true })
    },
    capabilities: {
      leftOut: {
        'partitions are handled side by side': ONE_PARTITION,
        'copartition gives partition p of every topic to one member, and every partition to exactly one': ONE_PARTITION,
        'single gives every partition to one member': ONE_PARTITION,
        'what stands behind an open transaction is not read, and end says so, until the transaction is ended':
          NOTHING_OPEN,
        'a partition whose newest records were aborted is read to its end by nextOffset': NOTHING_OPEN,
      },
    },
  }
})
