/** The log with other batches of changelogs, given what the process wrote as its barriers. */
import { barrierKey } from '../../../topology/changelog.ts'
import type { LogPort, LogRecord, TopicPartition } from '../../../topology/log-port.ts'

export interface Opening {
  /** The barrier that the process wrote last. */
  readonly uuid: Buffer
  /** The end of the changelog before the task took its lease. */
  readonly endBefore: number
}

const CHANGELOG = /-changelog\.v1$/

/** @param changed - what the task is handed in place of the records */
export function withChangelogs(
  log: LogPort,
  changed: (
    records: readonly LogRecord[],
    at: TopicPartition & { nextOffset: number },
    opening: Opening,
  ) => LogRecord[],
): LogPort {
  const openings = new Map<string, Opening>()
  return {
    ...log,
    async transactor(id) {
      const [, stage, partition] = id.split('.')
      const ends = stage === 'incarnations' ? [] : await log.offsets(`${stage}-changelog.v1`)
      const transactor = await log.transactor(id)
      return {
        close: () => transactor.close(),
        commit(records) {
          const [first] = records
          if (first?.key?.equals(barrierKey) && first.value)
            openings.set(`${first.topic}/${first.partition}`, {
              uuid: first.value,
              endBefore: ends[Number(partition)]?.end ?? 0,
            })
          return transactor.commit(records)
        },
      }
    },
    consume: options =>
      log.consume({
        ...options,
        onBatch(batch) {
          const opening = openings.get(`${batch.topic}/${batch.partition}`)
          if (!opening || !CHANGELOG.test(batch.topic)) return options.onBatch(batch)
          return options.onBatch({ ...batch, records: changed(batch.records, batch, opening) })
        },
      }),
  }
}
