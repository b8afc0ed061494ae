import { barrierKey } from '../../../topology/changelog.ts'
import { withChangelogs } from './changelogs.ts'
import type { Planted } from './planted.ts'

export const anyBarrier: Planted = {
  what: 'A restore ends at the first barrier, whoever wrote it.',
  within: 20,
  seed: 1,
  breaks: ['I1', 'I2', 'I3', 'I6'],
  substitute: () => ({
    port: log =>
      withChangelogs(log, (records, _at, { uuid }) =>
        records.map(record => (record.key?.equals(barrierKey) ? { ...record, value: uuid } : record)),
      ),
  }),
}
