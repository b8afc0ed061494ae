/** The log with other transactors, which many planted faults are. */
import { progressKey } from '../../../topology/changelog.ts'
import type { Progress } from '../../../topology/changelog.ts'
import type { LogPort, OutRecord, Transactor } from '../../../topology/log-port.ts'

export const withTransactors = (log: LogPort, changed: (transactor: Transactor) => Transactor['commit']): LogPort => ({
  ...log,
  async transactor(id) {
    const transactor = await log.transactor(id)
    return { close: () => transactor.close(), commit: changed(transactor) }
  },
})

export const isProgress = ({ key }: OutRecord): boolean => key?.equals(progressKey) ?? false

/** Commits with another progress. */
export const withProgress = (log: LogPort, changed: (progress: Progress) => Progress): LogPort =>
  withTransactors(log, transactor => records => {
    const rewritten = (record: OutRecord) => {
      const progress = changed(JSON.parse(String(record.value)) as Progress)
      return { ...record, value: Buffer.from(JSON.stringify(progress)) }
    }
    return transactor.commit(records.map(record => (isProgress(record) ? rewritten(record) : record)))
  })
