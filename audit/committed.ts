/** What a task has committed, read from its changelog while it may go on working. */
import { FreshetError } from '../schemas/errors.ts'
import { type Progress, readEntry } from '../topology/changelog.ts'
import { foldHash, readableHashes, type Stage } from '../topology/graph.ts'
import type { LogPort } from '../topology/log-port.ts'
import type { RangeReader } from '../topology/range-reader.ts'
import { TaskState } from '../topology/state.ts'

export interface Committed {
  readonly state: TaskState
  /** Undefined before the first commit. */
  readonly progress: Progress | undefined
}

/**
 * The state and the progress of one moment: nothing behind an open transaction is read, so it is that after a commit.
 * @throws FreshetError STATE_MISMATCH where it was folded with other options or versions than the stage has
 */
export async function readCommitted(
  reader: RangeReader,
  log: LogPort,
  stage: Stage,
  changelog: string,
  partition: number,
): Promise<Committed> {
  const at = { topic: changelog, partition }
  const state = new TaskState(stage)
  let progress: Progress | undefined
  const read = (from: number) =>
    reader.read(at, { from }, async records => {
      for (const record of records) {
        const entry = readEntry(record.key, record.value, record.headers)
        if (entry.kind === 'data') state.restore(entry)
        else if (entry.kind === 'progress') progress = entry.progress
      }
    })
  let end = await read(0)
  // What compaction took out meanwhile, because it was written again, stands before the end of now.
  if (((await log.offsets(changelog))[partition]?.end ?? 0) > end) end = await read(end)
  if (progress && !readableHashes(stage).has(progress.hash)) {
    const message = `${stage.name}[${partition}]: the state was folded with other options or processor versions (${progress.hash}, now ${foldHash(stage)}); audit it with those`
    throw new FreshetError('STATE_MISMATCH', message)
  }
  return { state, progress }
}
