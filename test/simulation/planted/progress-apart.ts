import type { Planted } from './planted.ts'
import { isProgress, withTransactors } from './transactors.ts'

export const progressApart: Planted = {
  what: 'State and outputs are committed first, the progress is written after that.',
  within: 20,
  seed: 1,
  breaks: ['I1', 'I2', 'I3', 'I6'],
  substitute: () => ({
    port: log =>
      withTransactors(log, transactor => async records => {
        const ends = await transactor.commit(records.filter(record => !isProgress(record)))
        const progress = records.filter(isProgress)
        return progress.length > 0 ? new Map([...ends, ...(await log.produce(progress))]) : ends
      }),
  }),
}
