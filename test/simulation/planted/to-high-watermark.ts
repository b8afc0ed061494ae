import { barrierKey } from '../../../topology/changelog.ts'
import { withChangelogs } from './changelogs.ts'
import type { Planted } from './planted.ts'

export const toHighWatermark: Planted = {
  what: 'A restore ends at the end that the changelog had before the lease was taken, not at a barrier written after.',
  within: 300,
  seed: 1,
  breaks: ['I1', 'I2', 'I3', 'I6'],
  substitute: () => ({
    port: log =>
      withChangelogs(log, (records, { topic, partition, nextOffset }, { uuid, endBefore }) => {
        if (nextOffset < endBefore) return [...records]
        const before = records.filter(record => record.offset < endBefore)
        const offset = Math.max(endBefore - 1, before.at(-1)?.offset ?? 0) + 1
        return [...before, { topic, partition, offset, timestampMs: 0, key: barrierKey, value: uuid, headers: {} }]
      }),
  }),
}
